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
import type { Context } from '../trpc/trpc.ts';
import { type ClientSocket, SocketOutlet } from './clientSocket.ts';
import { framesFor, type RequestId, resultOf } from './frames.ts';

export type TrpcSocketParts = {
  router: AnyTRPCRouter;
  /** Asked once per socket. What it throws is told to the client, and the socket is closed. */
  createContext: (params: ConnectionParams) => Promise<Context>;
  onError: (failure: { error: TRPCError; path?: string | undefined }) => void;
};

export type ConnectionParams = ReturnType<typeof parseConnectionParamsFromUnknown>;

/** A subscription's events end when they are returned, even while the next one is waited for. */
type Events = AsyncIterableIterator<unknown, void, void>;
type Running = { events?: Events; isOver: boolean };

/**
 * tRPC's protocol over one WebSocket: what comes from the client is answered as tRPC's own adapter answers it, byte for
 * byte (`trpcSocket.test.ts`). That adapter waits for each subscription in a loop that costs several KiB for as long as
 * nothing happens, and keeps a call's request id from its resolver, which needs it to write to the socket itself.
 */
export class TrpcSocket {
  readonly #socket: ClientSocket;
  readonly #parts: TrpcSocketParts;
  readonly #subscriptions = new Map<RequestId, Running>();
  #context: Promise<Context> | undefined;

  /** @param hasParams whether the client's first frame says who they are. */
  constructor(socket: ClientSocket, parts: TrpcSocketParts, hasParams: boolean) {
    this.#socket = socket;
    this.#parts = parts;
    if (!hasParams) this.#context = this.#open(() => null);
  }

  /** Takes one frame. */
  read(data: Buffer, isBinary: boolean): void {
    const frame = isBinary ? data : data.toString();
    if (frame === 'PONG') return;
    if (frame === 'PING') this.#socket.answer('PONG');
    else if (!this.#context) this.#context = this.#open(() => paramsIn(frame));
    else for (const message of this.#messagesIn(frame)) this.#take(message, this.#context);
  }

  /** The socket is gone. */
  close(): void {
    for (const running of this.#subscriptions.values()) this.#stop(running);
  }

  #open(readParams: () => ConnectionParams): Promise<Context> {
    const context = (async () => this.#parts.createContext(readParams()))();
    context.catch((error: unknown) => {
      this.#refuse({}, error);
      // After whatever has been called meanwhile has been told the same.
      setImmediate(() => this.#socket.end());
    });
    return context;
  }

  /** All of them, or none if one cannot be read. */
  #messagesIn(frame: string | Buffer) {
    try {
      const message = wireEncoder.decode(frame);
      const { transformer } = this.#parts.router._def._config;
      return (Array.isArray(message) ? message : [message]).map((one) => parseTRPCMessage(one, transformer));
    } catch (cause) {
      this.#refuse({}, new TRPCError({ code: 'PARSE_ERROR', cause }));
      return [];
    }
  }

  #take(message: ReturnType<typeof parseTRPCMessage>, context: Promise<Context>): void {
    const { id } = message;
    if (id === null) {
      const error = new TRPCError({ code: 'PARSE_ERROR', message: '`id` is required' });
      this.#refuse({ jsonrpc: message.jsonrpc }, error);
    } else if (message.method === 'subscription.stop') {
      const running = this.#subscriptions.get(id);
      if (running) this.#stop(running);
    } else if (message.method === 'subscription') {
      void this.#subscribe(message, id, context);
    } else {
      void this.#answer(message, context);
    }
  }

  async #answer(call: TRPCRequestMessage, context: Promise<Context>): Promise<void> {
    try {
      const data = await this.#run(call, await context);
      if (isEvents(data)) throw notListenedTo(call);
      this.#send(call, { result: { type: 'data', data } });
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  async #subscribe(call: TRPCRequestMessage, id: RequestId, context: Promise<Context>): Promise<void> {
    if (this.#subscriptions.has(id)) {
      this.#refuse(call, new TRPCError({ code: 'BAD_REQUEST', message: `Duplicate id ${id}` }));
      return;
    }
    // From the first tick on, so that it can be stopped while it is being opened.
    const running: Running = { isOver: false };
    this.#subscriptions.set(id, running);
    try {
      const events = await this.#run(call, this.#contextOf(call, id, await context));
      if (!isEvents(events)) throw nothingToHear(call);
      await this.#forward(call, running, events);
    } catch (error) {
      this.#refuse(call, error);
      return;
    } finally {
      this.#subscriptions.delete(id);
    }
    this.#send(call, { result: { type: 'stopped' } });
  }

  /** Who speaks JSON-RPC is answered in it, event by event; of its own accord no client of tRPC does. */
  #contextOf({ jsonrpc }: TRPCRequestMessage, id: RequestId, context: Context): Context {
    if (jsonrpc) return context;
    return { ...context, outlet: (shape) => new SocketOutlet(this.#socket, framesFor(shape), id) };
  }

  async #forward(call: TRPCRequestMessage, running: Running, events: Events): Promise<void> {
    try {
      if (running.isOver) return;
      running.events = events;
      this.#send(call, { result: { type: 'started' } });
      for await (const event of events) this.#send(call, { result: resultOf(event) });
    } catch (error) {
      this.#refuse(call, error);
    } finally {
      await events.return?.();
    }
  }

  #stop(running: Running): void {
    running.isOver = true;
    running.events?.return?.().catch((error: unknown) => this.#report(error));
  }

  #run({ method, params }: TRPCRequestMessage, ctx: Context): Promise<unknown> {
    const { router } = this.#parts;
    const { path } = params;
    const getRawInput = async () => inputOf(params);
    return callTRPCProcedure({
      router,
      path,
      ctx,
      getRawInput,
      type: method,
      signal: undefined,
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

  #send({ id = null, jsonrpc }: Partial<TRPCRequestMessage>, answer: object): void {
    this.#socket.answer(JSON.stringify({ id, jsonrpc, ...answer }));
  }
}

/** @throws TRPCError for a frame that does not say who its sender is. */
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

/** A client that comes back after its socket was lost puts its cursor beside the input. */
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

function notListenedTo({ method }: TRPCRequestMessage): TRPCError {
  const message = `Cannot return an async iterable or observable from a ${method} procedure with WebSockets`;
  return new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE', message });
}

function nothingToHear({ params: { path } }: TRPCRequestMessage): TRPCError {
  const message = `Subscription ${path} did not return an observable or a AsyncGenerator`;
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message });
}
