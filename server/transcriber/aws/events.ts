/** A little above the longest message of the event stream encoding. Amazon Transcribe's messages are far shorter. */
const LONGEST_BYTES = 2 ** 24 + 2 ** 18;
const LENGTH_BYTES = 4;

/**
 * Passes the bytes of an event stream on unchanged, and checks the length at the head of each message. The SDK trusts
 * every length: it allocates the memory, up to 4 GiB, and waits for bytes that never come.
 *
 * @throws RangeError if a length is impossible: then the answer is no event stream.
 */
export async function* checkedEvents<Bytes extends Uint8Array>(answer: AsyncIterable<Bytes>) {
  let messageLeft = 0;
  let head: number[] = [];
  for await (const bytes of answer) {
    for (let at = 0; at < bytes.length; ) {
      if (messageLeft > 0) {
        const step = Math.min(messageLeft, bytes.length - at);
        messageLeft -= step;
        at += step;
      } else {
        head.push(bytes[at] ?? 0);
        at += 1;
        if (head.length < LENGTH_BYTES) continue;
        const length = head.reduce((sum, byte) => sum * 256 + byte, 0);
        if (length > LONGEST_BYTES) throw new RangeError('The answer is no event stream.');
        messageLeft = length - LENGTH_BYTES;
        head = [];
      }
    }
    yield bytes;
  }
}
