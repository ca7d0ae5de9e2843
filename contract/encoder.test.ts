import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireEncoder } from './encoder.ts';

const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('$bytes'));
const bytes = fc.uint8Array({ maxLength: 100 });
const call = fc.record({
  id: fc.nat(),
  method: fc.constant('mutation'),
  params: fc.record({ path: fc.string(), input: fc.oneof(json, bytes) }),
});

/** Turns bytes into plain arrays, so that views into different buffers compare as equal. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? { run: [...inner] } : inner)),
  );

describe('the wire encoding', () => {
  test('decodes calls and batches of calls to what was encoded', () => {
    fc.assert(
      fc.property(fc.oneof(call, fc.array(call, { maxLength: 5 })), (message) => {
        expect(plain(wireEncoder.decode(wireEncoder.encode(message)))).toEqual(plain(message));
      }),
    );
  });

  test('is plain JSON text for a message without bytes, so that stock clients can read it', () => {
    fc.assert(
      fc.property(fc.oneof(json, fc.array(json)), (message) => {
        expect(wireEncoder.encode(message)).toBe(JSON.stringify(message));
      }),
    );
  });

  test('has the layout of the public contract', () => {
    const push = (input: unknown) => ({
      id: 1,
      method: 'mutation',
      params: { path: 'transcripts.push', input },
    });
    const frame = wireEncoder.encode([push(Uint8Array.of(1, 2, 3)), push('x'), push(Uint8Array.of(4))]);
    const header = JSON.stringify([push({ $bytes: 3 }), push('x'), push({ $bytes: 1 })]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    expect(Buffer.from(frame as Uint8Array)).toEqual(
      Buffer.concat([length, Buffer.from(header), Buffer.of(1, 2, 3, 4)]),
    );
  });

  test('decodes any bytes, or refuses them with an Error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (frame) => {
        try {
          wireEncoder.decode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('refuses a frame that is cut short or has extra bytes', () => {
    const push = { id: 1, method: 'mutation', params: { path: 'p', input: Uint8Array.of(1, 2, 3, 4) } };
    const frame = wireEncoder.encode(push) as Uint8Array;
    for (let length = 0; length < frame.length; length += 1) {
      expect(() => wireEncoder.decode(frame.subarray(0, length))).toThrow();
    }
    expect(() => wireEncoder.decode(Buffer.concat([frame, Buffer.of(0)]))).toThrow('does not name');
  });
});
