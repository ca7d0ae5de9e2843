import type { HttpBindings } from '@hono/node-server';
import { Hono, type HonoRequest } from 'hono';
import { malformed, noSession } from '../../contract/errors.ts';
import { messagesPage, newRoom, roomInput, roomsPage, transcriptExport } from '../../contract/inputs.ts';
import type { User } from '../../contract/types.ts';
import { answerInTurn, type Turn, turnOf } from '../flow/work.ts';
import type { Log } from '../log.ts';
import type { Services } from '../services.ts';
import type { TranscriptFormat } from '../speech/transcript/transcripts.ts';
import type { Arrival } from './arrival.ts';
import { download } from './download.ts';
import { tokenOf } from './session.ts';
import { answerTo } from './unreadAnswers.ts';

const CONTENT_TYPES: Record<TranscriptFormat, string> = {
  txt: 'text/plain; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  json: 'application/json',
};

type Variables = {
  arrival: Arrival;
  user: User;
  /** For a call whose whole result is the answer. */
  answer: Turn;
  /** For the parts of a download. It is made no faster than it is read, so it does not count as unread. */
  turn: Turn;
};

/**
 * Plain HTTP for clients that do not speak tRPC. A call waits for its turn after its body is read: a client that sends
 * its body slowly holds no place.
 */
export function createRest({ identity, rooms, messages, transcripts, work }: Services, log: Log) {
  return new Hono<{ Bindings: HttpBindings; Variables: Variables }>()
    .use(async (c, next) => {
      const user = await identity.identify(
        tokenOf({ authorization: c.req.header('authorization'), cookie: c.req.header('cookie') }),
      );
      if (!user) throw noSession();
      c.set('user', user);
      const caller = { userId: user.id, address: c.var.arrival.address };
      const gone = c.req.raw.signal;
      c.set('turn', turnOf(work.reads, caller, gone));
      const answer = answerTo(work, caller, c.env.outgoing);
      c.set('answer', (run) =>
        answerInTurn(work, 'reads', {
          caller: { ...caller, answer },
          gone,
          run,
          contentOf: (result) => result,
        }),
      );
      await next();
    })
    .get('/rooms', async (c) => {
      const page = roomsPage.parse(queryOf(c.req));
      return c.json(await c.var.answer(() => rooms.list(c.var.user, page)));
    })
    .post('/rooms', async (c) => {
      const room = newRoom.parse(await readJson(c.req));
      const made = await c.var.answer(() => rooms.create(c.var.user, room));
      return c.json(made, 201, { location: `/api/rooms/${made.id}` });
    })
    .get('/rooms/:roomId', async (c) => {
      const { roomId } = roomInput.parse(c.req.param());
      return c.json(await c.var.answer(() => rooms.get(c.var.user, roomId)));
    })
    .get('/rooms/:roomId/messages', async (c) => {
      const { roomId, ...page } = messagesPage.parse({ ...queryOf(c.req), ...c.req.param() });
      return c.json(await c.var.answer(() => messages.list(c.var.user, roomId, page)));
    })
    .get('/rooms/:roomId/:file{transcript\\.(?:txt|srt|vtt|json)}', async (c) => {
      const format = c.req.param('file').split('.')[1];
      const { tz, ...query } = transcriptExport.parse({
        ...queryOf(c.req),
        roomId: c.req.param('roomId'),
        format,
      });
      const { turn, user } = c.var;
      const file = await turn(() => transcripts.export(user, { ...query, timeZone: tz }));
      const fileName = `${file.roomName}.${query.format}`;
      const text = inTurns(file.text, turn);
      return download(c, { fileName, contentType: CONTENT_TYPES[query.format], text }, log);
    });
}

/** Makes each part of a file when it is its reader's turn. So a long export holds up nobody between its parts. */
function inTurns(parts: AsyncIterable<string>, turn: Turn): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator]() {
      const source = parts[Symbol.asyncIterator]();
      return {
        next: () => turn(() => source.next()),
        return: async () => (await source.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

/** The query of an address. An empty parameter, as a form sends it, counts as not given. */
function queryOf(request: HonoRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(request.query()).filter(([, value]) => value !== ''));
}

async function readJson(request: HonoRequest): Promise<unknown> {
  return request.json().catch((cause: unknown) => {
    throw malformed(cause);
  });
}
