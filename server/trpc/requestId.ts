import { wireEncoder } from '../contract/encoder.ts';

export type RequestId = number | string;

/** Names no property that a caller could send. */
const REQUEST_ID = Symbol('request id');

type Call = { id?: unknown; jsonrpc?: unknown; method?: unknown; params?: { input?: unknown } };

/**
 * The server's end of the wire. tRPC keeps a call's request id from its resolver, who needs it to write the answers to
 * a subscription without tRPC; so a subscription's input is marked with it here, where calls come in.
 */
export const serverEncoder = {
  encode: wireEncoder.encode,
  decode(data: string | ArrayBuffer | Uint8Array): unknown {
    const message = wireEncoder.decode(data);
    for (const call of Array.isArray(message) ? message : [message]) mark(call);
    return message;
  },
};

/** The id under which the answers to this input are expected; undefined where they go through tRPC. */
export function requestIdOf(rawInput: unknown): RequestId | undefined {
  return (rawInput as { [REQUEST_ID]?: RequestId } | null | undefined)?.[REQUEST_ID];
}

function mark(call: Call | null): void {
  // Whoever speaks JSON-RPC is answered in it; of its own accord no client of tRPC does.
  if (call?.method !== 'subscription' || call.jsonrpc !== undefined) return;
  const { id, params } = call;
  if (typeof id !== 'number' && typeof id !== 'string') return;
  if (typeof params?.input === 'object' && params.input) Object.assign(params.input, { [REQUEST_ID]: id });
}
