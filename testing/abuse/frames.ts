/** One call as tRPC writes it into a frame. */
type RawCall = { id: number | string; method: string; params: { path: string; input: unknown } };

export function call(
  id: number | string,
  method: 'query' | 'mutation' | 'subscription',
  path: string,
  input: unknown,
): RawCall {
  return { id, method, params: { path, input } };
}

/** Calls with the ids 0, 1, 2 … in one frame. @param input makes the input of each. */
export function calls(
  count: number,
  method: 'query' | 'mutation' | 'subscription',
  path: string,
  input: (i: number) => unknown,
): RawCall[] {
  return Array.from({ length: count }, (_, id) => call(id, method, path, input(id)));
}
