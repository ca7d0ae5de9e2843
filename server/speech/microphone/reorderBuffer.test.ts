import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../contract/limits.ts';
import { upTo } from '../../../db/testing/material.ts';
import { ReorderBuffer } from './reorderBuffer.ts';

const chunk = (seq: number) => new Uint8Array([seq]);
const seqsOf = (chunks: Uint8Array[]) => chunks.map(([seq]) => seq);

describe('the reorder buffer', () => {
  test('gives each chunk once and in order, however the chunks arrive within the window', () => {
    const arrivals = fc.array(fc.record({ distance: fc.nat(LIMITS.earlyChunks), late: fc.boolean() }), {
      maxLength: 250,
    });
    fc.assert(
      fc.property(arrivals, (script) => {
        const buffer = new ReorderBuffer();
        const out: Uint8Array[] = [];
        let highest = -1;
        const arrive = (seq: number) => {
          highest = Math.max(highest, seq);
          out.push(...buffer.add(seq, chunk(seq)));
          expect(buffer.nextSeq).toBe(out.length);
        };
        for (const { distance, late } of script) {
          arrive(late ? Math.max(0, buffer.nextSeq - distance) : buffer.nextSeq + distance);
        }
        while (buffer.nextSeq <= highest) arrive(buffer.nextSeq);
        expect(seqsOf(out)).toEqual(upTo(highest + 1).map((n) => (n - 1) % 256));
        expect(buffer.flush()).toEqual([]);
      }),
      { seed: 1 },
    );
  });

  test('refuses a chunk that is too far ahead, uses up no number, and names the next number', () => {
    const buffer = new ReorderBuffer();
    buffer.add(0, chunk(0));
    expect(buffer.add(1 + LIMITS.earlyChunks, chunk(65))).toEqual([]);
    expect(() => buffer.add(2 + LIMITS.earlyChunks, chunk(66))).toThrowError(
      expect.objectContaining({ reason: 'chunk_out_of_window', details: { nextSeq: 1 } }),
    );
    expect(buffer.nextSeq).toBe(1);
  });

  test('holds early chunks up to a bound in bytes, however long they are, and again as many when they are read', () => {
    const buffer = new ReorderBuffer();
    const second = new Uint8Array(96_000);
    const acceptEarly = () => {
      for (let ahead = 1; ; ahead += 1) {
        try {
          buffer.add(buffer.nextSeq + ahead, second);
          // A repeated chunk takes no memory.
          buffer.add(buffer.nextSeq + ahead, second);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'chunk_out_of_window' });
          return ahead - 1;
        }
      }
    };
    expect(acceptEarly()).toBe(6);
    expect(buffer.add(0, second)).toHaveLength(7);
    expect(acceptEarly()).toBe(6);
    buffer.flush();
    expect(acceptEarly()).toBe(6);
  });

  test('flushes held chunks in order, with the number of missing chunks before each', () => {
    const buffer = new ReorderBuffer();
    for (const seq of [9, 0, 3, 7]) buffer.add(seq, chunk(seq));
    const flushed = buffer.flush();
    expect(seqsOf(flushed.map(({ pcm }) => pcm))).toEqual([3, 7, 9]);
    expect(flushed.map(({ missing }) => missing)).toEqual([2, 3, 1]);
    expect(buffer.flush()).toEqual([]);
    expect(buffer.nextSeq).toBe(10);
  });
});
