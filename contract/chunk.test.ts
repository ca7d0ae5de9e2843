import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_HEADER_BYTES, decodeChunk, encodeChunk, laterPlace } from './chunk.ts';

const STREAM = '0123abcd-4567-7890-abcd-ef0123456789';
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('a chunk', () => {
  test('decodes to what was encoded, even from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        uint32,
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(9),
        (streamId, seq, pcm, offset) => {
          const bytes = encodeChunk({ streamId, seq, pcm });
          const frame = new Uint8Array(offset + bytes.length);
          frame.set(bytes, offset);
          const chunk = decodeChunk(frame.subarray(offset));
          expect({ ...chunk, pcm: [...chunk.pcm] }).toEqual({ streamId, seq, pcm: [...pcm] });
        },
      ),
    );
  });

  test('in a Buffer has audio of which `slice` makes a copy', () => {
    const bytes = Buffer.from(encodeChunk({ streamId: STREAM, seq: 0, pcm: Uint8Array.of(1, 2) }));
    const { pcm } = decodeChunk(Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3));
    const copy = pcm.slice();
    pcm[0] = 9;
    expect([...copy]).toEqual([1, 2]);
    expect(copy.buffer.byteLength).toBe(2);
  });

  test('has the layout of the public contract', () => {
    const bytes = encodeChunk({ streamId: STREAM, seq: 0x01020304, pcm: Uint8Array.of(9, 8) });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '0123abcd45677890abcdef0123456789' + '04030201' + '00000000' + '0908',
    );
  });

  test.each(['', 'x', STREAM.toUpperCase(), `${STREAM}0`, STREAM.replaceAll('-', '')])(
    'refuses the stream id %j',
    (streamId) => {
      expect(() => encodeChunk({ streamId, seq: 0, pcm: new Uint8Array(2) })).toThrow(RangeError);
    },
  );

  test.each([-1, 0.5, Number.NaN, 2 ** 32])('refuses the seq %d', (seq) => {
    expect(() => encodeChunk({ streamId: STREAM, seq, pcm: new Uint8Array(2) })).toThrow(RangeError);
  });

  test('is refused if it is shorter than its header or has unknown flags', () => {
    for (let length = 0; length < CHUNK_HEADER_BYTES; length += 1) {
      expect(() => decodeChunk(new Uint8Array(length))).toThrow(RangeError);
    }
    const flagged = encodeChunk({ streamId: STREAM, seq: 0, pcm: new Uint8Array(2) });
    flagged[20] = 1;
    expect(() => decodeChunk(flagged)).toThrow('unknown chunk flags');
  });
});

test('of two places the later one counts', () => {
  const place = (seq: number, samples: number) => ({ seq, samples });
  expect(laterPlace(place(1, 9), place(2, 0))).toEqual(place(2, 0));
  expect(laterPlace(place(2, 5), place(2, 4))).toEqual(place(2, 5));
});
