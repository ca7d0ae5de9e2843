import { tracked } from '@trpc/server';
import {
  liveInput,
  membersPage,
  messageEdit,
  messageReaction,
  messageRemoval,
  messageSearch,
  messagesPage,
  newMessage,
  newRoom,
  readMarker,
  roomInput,
  roomsPage,
  roomUpdate,
  sessionInput,
  speechEngine,
  speechResume,
  speechStart,
  speechStop,
  transcriptQuery,
  typingInput,
} from '../../contract/inputs.ts';
import type { CaptionEvent } from '../../contract/types.ts';
import type { Delivery } from '../chat/delivery.ts';
import type { Services } from '../services.ts';
import { bytesInput } from './bytes.ts';
import { createSubscriptions } from './subscriptions.ts';
import {
  authed,
  authedChange,
  authedChunk,
  authedLive,
  changeTurns,
  open,
  replayTurns,
  router,
} from './trpc.ts';

export type AppRouter = ReturnType<typeof createRouter>;

/** Each procedure checks its input with zod, makes one call of the domain, and answers a shape of the contract. */
export function createRouter(services: Services) {
  const subscriptionOf = createSubscriptions();
  return router({
    session: createSessionRouter(services),
    rooms: createRoomsRouter(services),
    messages: createMessagesRouter(services, subscriptionOf),
    transcripts: createTranscriptsRouter(services, subscriptionOf),
  });
}

type SubscriptionOf = ReturnType<typeof createSubscriptions>;

function createSessionRouter({ identity }: Services) {
  return router({
    guest: open.input(sessionInput).mutation(async ({ input, ctx }) => {
      const session = await identity.guest(input.name, ctx.address);
      ctx.keepSession(session.token);
      return session;
    }),
    me: open.query(({ ctx }) => ({ user: ctx.user })),
  });
}

function createMessagesRouter({ messages, signals }: Services, subscriptionOf: SubscriptionOf) {
  const roomEvents = subscriptionOf(({ cursor, event }: Delivery) => tracked(String(cursor), event));
  return router({
    list: authed
      .input(messagesPage)
      .query(({ input: { roomId, ...page }, ctx }) => messages.list(ctx.user, roomId, page)),
    send: authedChange.input(newMessage).mutation(({ input, ctx }) => messages.send(ctx.user, input)),
    edit: authedChange.input(messageEdit).mutation(({ input, ctx }) => messages.edit(ctx.user, input)),
    remove: authedChange.input(messageRemoval).mutation(({ input, ctx }) => messages.remove(ctx.user, input)),
    react: authedChange.input(messageReaction).mutation(({ input, ctx }) => messages.react(ctx.user, input)),
    search: authed
      .input(messageSearch)
      .query(({ input, ctx, signal }) => messages.search(ctx.user, input, signal)),
    markRead: authed
      .input(readMarker)
      .mutation(({ input, ctx }) => signals.markRead(ctx.user, input.roomId, input.seq)),
    typing: authed.input(typingInput).mutation(async ({ input, ctx }) => {
      await signals.typing(ctx.user, input.roomId, input.typing);
      return {};
    }),
    /**
     * Every event, presence included, is tracked with the rev up to which the client has then seen the room. So a
     * client that loses its socket before the first message comes back with a cursor, and misses nothing.
     */
    live: authedLive
      .input(liveInput)
      .subscription(({ input: { roomId, lastEventId }, ctx, signal }) =>
        roomEvents(ctx, signal, (outlet) =>
          messages.live(ctx.user, { roomId, cursor: lastEventId, turn: replayTurns(ctx, signal) }, outlet),
        ),
      ),
  });
}

function createTranscriptsRouter({ speech }: Services, subscriptionOf: SubscriptionOf) {
  const captionEvents = subscriptionOf((event: CaptionEvent) => event);
  return router({
    engine: authed
      .input(speechEngine.prefault({}))
      .query(({ input, ctx }) => speech.engine(ctx.user, input.roomId)),
    start: authed.input(speechStart).mutation(({ input, ctx }) => speech.start(ctx.user, input)),
    push: authedChunk.input(bytesInput).mutation(({ input, ctx }) => speech.push(ctx.user, input)),
    /** It waits for another process, so it takes a turn only while it asks the database. */
    resume: authedChunk
      .input(speechResume)
      .mutation(({ input: { keepsAudio, ...stream }, ctx, signal }) =>
        keepsAudio
          ? speech.resumeKept(ctx.user, stream, changeTurns(ctx, signal))
          : speech.resume(ctx.user, stream.streamId, stream.fresh),
      ),
    stop: authed.input(speechStop).mutation(({ input, ctx }) => speech.stop(ctx.user, input.streamId)),
    live: authedLive
      .input(roomInput)
      .subscription(({ input, ctx, signal }) =>
        captionEvents(ctx, signal, (outlet) => speech.live(ctx.user, input.roomId, outlet)),
      ),
    list: authed.input(transcriptQuery).query(({ input, ctx }) => speech.list(ctx.user, input)),
  });
}

function createRoomsRouter({ rooms }: Services) {
  return router({
    list: authed.input(roomsPage.prefault({})).query(({ input, ctx }) => rooms.list(ctx.user, input)),
    get: authed.input(roomInput).query(({ input, ctx }) => rooms.get(ctx.user, input.roomId)),
    create: authed.input(newRoom).mutation(({ input, ctx }) => rooms.create(ctx.user, input)),
    update: authed
      .input(roomUpdate)
      .mutation(({ input: { roomId, ...change }, ctx }) => rooms.update(ctx.user, roomId, change)),
    join: authed.input(roomInput).mutation(({ input, ctx }) => rooms.join(ctx.user, input.roomId)),
    leave: authed.input(roomInput).mutation(async ({ input, ctx }) => {
      await rooms.leave(ctx.user, input.roomId);
      return {};
    }),
    members: authed
      .input(membersPage)
      .query(({ input: { roomId, ...page }, ctx }) => rooms.members(ctx.user, roomId, page)),
  });
}
