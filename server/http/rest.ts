import { Hono, type HonoRequest } from 'hono';
import type { Identity } from '../auth/identity.ts';
import type { Messages } from '../chat/messages.ts';
import type { Rooms } from '../chat/rooms.ts';
import { messagesPage, newRoom, roomsPage } from '../contract/inputs.ts';
import type { User } from '../contract/types.ts';
import { AppError } from '../errors.ts';
import { tokenOf } from './session.ts';

/** Plain HTTP for whatever speaks no tRPC: the three routes of the original system. */
export function createRest({
  identity,
  rooms,
  messages,
}: {
  identity: Identity;
  rooms: Rooms;
  messages: Messages;
}) {
  return new Hono<{ Variables: { user: User } }>()
    .use(async (c, next) => {
      const user = await identity.identify(
        tokenOf({ authorization: c.req.header('authorization'), cookie: c.req.header('cookie') }),
      );
      if (!user) throw new AppError('UNAUTHORIZED', 'no_session', 'Send a session cookie or a bearer token.');
      c.set('user', user);
      await next();
    })
    .get('/rooms', async (c) => c.json(await rooms.list(c.var.user, roomsPage.parse(c.req.query()))))
    .post('/rooms', async (c) =>
      c.json(await rooms.create(c.var.user, newRoom.parse(await readJson(c.req))), 201),
    )
    .get('/rooms/:roomId/messages', async (c) => {
      const { roomId, ...page } = messagesPage.parse({ ...c.req.query(), ...c.req.param() });
      return c.json(await messages.list(c.var.user, roomId, page));
    });
}

async function readJson(request: HonoRequest): Promise<unknown> {
  return request.json().catch((cause: unknown) => {
    throw new AppError('BAD_REQUEST', 'malformed', 'The body is not JSON.', { cause });
  });
}
