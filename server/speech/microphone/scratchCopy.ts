let scratch = new Uint8Array(0);

/**
 * Copies a chunk to a scratch buffer that all streams share. The copy is valid until something is awaited.
 * Incident: the gate made views of the chunk itself. Compiled code kept those views alive over several young
 * collections, and each view held a whole socket read in memory.
 */
export function scratchCopy(pcm: Uint8Array): Uint8Array {
  if (scratch.length < pcm.length) scratch = new Uint8Array(pcm.length);
  const copy = scratch.subarray(0, pcm.length);
  copy.set(pcm);
  return copy;
}
