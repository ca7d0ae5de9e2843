import {
  type AnyTRPCRouter,
  callTRPCProcedure,
  getErrorShape,
  getTRPCErrorFromUnknown,
  TRPCError,
} from '@trpc/server';
import { parseConnectionParamsFromUnknown } from '@trpc/server/http';
import { parseTRPCMessage, type TRPCRequestMessage } from '@trpc/server/rpc';
import { wireEncoder } from '../../contract/encoder.ts';
import { tooManyCalls } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Intake } from '../flow/intake.ts';
import type { Answer } from '../flow/unread.ts';
import { asTRPCError, type Context } from '../trpc/trpc.ts';
import { CallQueue } from './callQueue.ts';
import { type ClientSocket, SocketOutlet } from './clientSocket.ts';
import { framesFor, type RequestId, resultOf } from './frames.ts';

export type TrpcSocketParts = {
  router: AnyTRPCRouter;
  /** Runs once per socket. If it throws, the client gets the error and the socket is closed. */
  createContext: (params: ConnectionParams) => Promise<Context>;
  /** Shares the main thread between the sockets. */
  intake: Intake;
  onError: (failure: { error: TRPCError; path?: string | undefined }) => void;
};

export type ConnectionParams = ReturnType<typeof parseConnectionParamsFromUnknown>;

/** The events of a subscription. `return()` ends them, even while a call of `next()` waits. */
type Events = AsyncIterableIterator<unknown, void, void>;
type Message = ReturnType<typeof parseTRPCMessage>;
type Subscription = { events?: Events; isStopped: boolean };

/**
 * tRPC's protocol over one WebSocket. It answers byte for byte like tRPC's own adapter (`trpcSocket.test.ts` compares
 * them). That adapter is not used for two reasons. It holds several KiB for each subscription that waits. And it does not
 * pass the request id to the resolver, which needs the id to write to the socket itself.
 */
export class TrpcSocket {
  readonly #socket: ClientSocket;
  readonly #parts: TrpcSocketParts;
  readonly #subscriptions = new Map<RequestId, Subscription>();
  readonly #calls: CallQueue;
  #isGone = false;
  #context: Promise<Context> | undefined;
  /** Aborts when the socket is gone. Made by the first call, because many sockets never make one. */
  #gone: AbortController | undefined;

  /** @param hasParams whether the client's first frame holds its connection parameters. */
  constructor(socket: ClientSocket, parts: TrpcSocketParts, hasParams: boolean) {
    this.#socket = socket;
    this.#parts = parts;
    this.#calls = new CallQueue(socket);
    if (!hasParams) this.#context = this.#open(() => null);
  }

  /** Handles one frame of the client. */
  read(data: Buffer, isBinary: boolean): void {
    this.#socket.count(1);
    const frame = isBinary ? data : data.toString();
    if (frame === 'PONG') return;
    if (frame === 'PING') this.#socket.pong();
    else if (!this.#context) this.#context = this.#open(() => paramsIn(frame));
    else this.#parts.intake.add(this.#socket, this.#stepsOf(frame, data.length, this.#context));
  }

  /** Counts a control frame of the client. */
  countControl(): void {
    this.#socket.count(1);
  }

  /** Whether the client has still to say who it is. */
  get awaitsParams(): boolean {
    return !this.#context;
  }

  /** Ends all subscriptions and drops the calls that wait for their turn, because the socket is gone. */
  close(): void {
    this.#isGone = true;
    this.#calls.close();
    this.#gone ??= new AbortController();
    this.#gone.abort();
    this.#parts.intake.remove(this.#socket);
    for (const subscription of this.#subscriptions.values()) this.#stop(subscription);
  }

  #open(readParams: () => ConnectionParams): Promise<Context> {
    const context = (async () => this.#parts.createContext(readParams()))();
    context.catch((error: unknown) => {
      this.#refuse({}, error);
      // Calls that came meanwhile get the same error before the socket closes.
      setImmediate(() => this.#socket.end());
    });
    return context;
  }

  /** Reads the messages of a frame: all of them, or none if one of them is invalid. */
  #messagesIn(frame: string | Buffer) {
    try {
      const message = wireEncoder.decode(frame);
      const { transformer } = this.#parts.router._def._config;
      const messages = (Array.isArray(message) ? message : [message]).map((one) =>
        parseTRPCMessage(one, transformer),
      );
      for (const { id } of messages) checkId(id);
      return messages;
    } catch (cause) {
      this.#refuse({}, new TRPCError({ code: 'PARSE_ERROR', cause }));
      return [];
    }
  }

  /** @returns a function that handles the next message of the frame each time, and returns whether there are more. */
  #stepsOf(frame: string | Buffer, frameBytes: number, context: Promise<Context>): () => boolean {
    let messages: Message[] | undefined;
    let handled = 0;
    return () => {
      if (!messages) {
        messages = this.#messagesIn(frame);
        this.#socket.count(Math.max(0, messages.length - 1));
      }
      const message = messages[handled];
      if (message) this.#handle(message, frameBytes / messages.length, context);
      handled += 1;
      return handled < messages.length;
    };
  }

  /** @param bytes the size of the message on the wire. */
  #handle(message: Message, bytes: number, context: Promise<Context>): void {
    const { id } = message;
    if (id === null) {
      const error = new TRPCError({ code: 'PARSE_ERROR', message: '`id` is required' });
      this.#refuse({ jsonrpc: message.jsonrpc }, error);
    } else if (message.method === 'subscription.stop') {
      const subscription = this.#subscriptions.get(id);
      if (subscription) this.#stop(subscription);
    } else if (message.method === 'subscription') {
      void this.#subscribe(message, id, context);
    } else if (this.#calls.isFull) {
      this.#refuse(message, asTRPCError(tooManyCalls()));
    } else {
      this.#calls.add({ type: message.method, bytes, run: () => this.#answer(message, context) });
    }
  }

  /** Resolves when the connection has taken the answer. */
  async #answer(call: TRPCRequestMessage, context: Promise<Context>): Promise<void> {
    let answer: Answer | undefined;
    const { promise: taken, resolve: onTaken } = Promise.withResolvers<void>();
    try {
      const ctx = await context;
      if (this.#isGone) return;
      answer = ctx.work.unread.answerTo(ctx.user?.id ?? ctx.address);
      const data = await this.#call(call, { ...ctx, answer });
      if (isEvents(data)) throw unexpectedEvents(call);
      this.#send(call, { result: { type: 'data', data } }, onTaken);
      await taken;
    } catch (error) {
      this.#refuse(call, error);
    } finally {
      answer?.taken();
    }
  }

  async #subscribe(call: TRPCRequestMessage, id: RequestId, context: Promise<Context>): Promise<void> {
    if (this.#subscriptions.has(id)) {
      this.#refuse(call, new TRPCError({ code: 'BAD_REQUEST', message: `Duplicate id ${id}` }));
      return;
    }
    // It is in the map from the first tick on, so that the client can stop it while it is being opened.
    const subscription: Subscription = { isStopped: false };
    this.#subscriptions.set(id, subscription);
    try {
      const events = await this.#call(call, this.#withOutlet(call, id, await context));
      if (!isEvents(events)) throw missingEvents(call);
      await this.#forward(call, subscription, events);
    } catch (error) {
      this.#refuse(call, error);
      return;
    } finally {
      this.#subscriptions.delete(id);
    }
    this.#send(call, { result: { type: 'stopped' } });
  }

  /**
   * Adds an outlet to the context. A JSON-RPC client gets none, because the outlet's frames have no `jsonrpc` field. Such
   * clients are rare.
   */
  #withOutlet({ jsonrpc }: TRPCRequestMessage, id: RequestId, context: Context): Context {
    if (jsonrpc) return context;
    return { ...context, outlet: (shape) => new SocketOutlet(this.#socket, framesFor(shape), id) };
  }

  async #forward(call: TRPCRequestMessage, subscription: Subscription, events: Events): Promise<void> {
    try {
      if (subscription.isStopped) return;
      subscription.events = events;
      this.#send(call, { result: { type: 'started' } });
      for await (const event of events) {
        this.#send(call, { result: resultOf(event) });
        await this.#socket.drained();
      }
    } catch (error) {
      this.#refuse(call, error);
    } finally {
      await events.return?.();
    }
  }

  #stop(subscription: Subscription): void {
    subscription.isStopped = true;
    subscription.events?.return?.().catch((error: unknown) => this.#report(error));
  }

  #call({ method, params }: TRPCRequestMessage, ctx: Context): Promise<unknown> {
    const { router } = this.#parts;
    const { path } = params;
    const getRawInput = async () => inputOf(params);
    this.#gone ??= new AbortController();
    return callTRPCProcedure({
      router,
      path,
      ctx,
      getRawInput,
      type: method,
      signal: this.#gone.signal,
      batchIndex: 0,
    });
  }

  #refuse(call: Partial<TRPCRequestMessage>, cause: unknown): void {
    const path = call.params?.path;
    const error = this.#report(cause, path);
    const config = this.#parts.router._def._config;
    const about = {
      path,
      type: call.method ?? 'unknown',
      input: call.params?.input,
      ctx: undefined,
    } as const;
    this.#send(call, { error: getErrorShape({ config, error, ...about }) });
  }

  #report(cause: unknown, path?: string): TRPCError {
    const error = getTRPCErrorFromUnknown(cause);
    this.#parts.onError({ error, path });
    return error;
  }

  #send({ id = null, jsonrpc }: Partial<TRPCRequestMessage>, answer: object, onTaken?: () => void): void {
    this.#socket.answer(JSON.stringify({ id, jsonrpc, ...answer }), onTaken);
  }
}

/** @throws Error for an id that is too long to be repeated in every answer. */
function checkId(id: RequestId | null | undefined): void {
  if (typeof id === 'string' && Buffer.byteLength(id) > LIMITS.requestIdBytes) {
    throw new Error(`An id has at most ${LIMITS.requestIdBytes} bytes.`);
  }
}

/** @throws TRPCError if the frame holds no connection parameters. */
function paramsIn(frame: string | Buffer): ConnectionParams {
  return parseConnectionParamsFromUnknown(readParams(frame).data);
}

function readParams(frame: string | Buffer): { data?: unknown } {
  try {
    const message = wireEncoder.decode(frame);
    if (isObject(message)) return message;
    throw new Error('Message was not an object');
  } catch (cause) {
    throw new TRPCError({ code: 'PARSE_ERROR', message: 'Malformed TRPCConnectionParamsMessage', cause });
  }
}

/** tRPC's client sends the cursor beside the input when it comes back after a lost socket. */
function inputOf({ input, lastEventId }: TRPCRequestMessage['params']): unknown {
  if (lastEventId === undefined) return input;
  return isObject(input) ? { ...input, lastEventId } : (input ?? { lastEventId });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEvents(result: unknown): result is Events {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}

function unexpectedEvents({ method }: TRPCRequestMessage): TRPCError {
  const message = `Cannot return an async iterable or observable from a ${method} procedure with WebSockets`;
  return new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE', message });
}

function missingEvents({ params: { path } }: TRPCRequestMessage): TRPCError {
  const message = `Subscription ${path} did not return an observable or a AsyncGenerator`;
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message });
}
