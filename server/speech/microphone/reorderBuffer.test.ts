import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../contract/limits.ts';
import { upTo } from '../../../db/testing/material.ts';
import { ReorderBuffer } from './reorderBuffer.ts';

const chunk = (seq: number) => new Uint8Array([seq]);
const seqsOf = (chunks: Uint8Array[]) => chunks.map(([seq]) => seq);

describe('chunks', () => {
  test('come out once and in order, however they arrive within the window', () => {
    const arrivals = fc.array(fc.record({ distance: fc.nat(LIMITS.earlyChunks), late: fc.boolean() }), {
      maxLength: 250,
    });
    fc.assert(
      fc.property(arrivals, (script) => {
        const order = new ReorderBuffer();
        const out: Uint8Array[] = [];
        let highest = -1;
        const arrive = (seq: number) => {
          highest = Math.max(highest, seq);
          out.push(...order.take(seq, chunk(seq)));
          expect(order.nextSeq).toBe(out.length);
        };
        for (const { distance, late } of script) {
          arrive(late ? Math.max(0, order.nextSeq - distance) : order.nextSeq + distance);
        }
        while (order.nextSeq <= highest) arrive(order.nextSeq);
        expect(seqsOf(out)).toEqual(upTo(highest + 1).map((n) => (n - 1) % 256));
        expect(order.rest()).toEqual([]);
      }),
      { seed: 1 },
    );
  });

  test('too far ahead are refused, use up no number, and say which is wanted', () => {
    const order = new ReorderBuffer();
    order.take(0, chunk(0));
    expect(order.take(1 + LIMITS.earlyChunks, chunk(65))).toEqual([]);
    expect(() => order.take(2 + LIMITS.earlyChunks, chunk(66))).toThrowError(
      expect.objectContaining({ reason: 'chunk_out_of_window', details: { nextSeq: 1 } }),
    );
    expect(order.nextSeq).toBe(1);
  });

  test('whose predecessors never come are what is left, in order', () => {
    const order = new ReorderBuffer();
    for (const seq of [9, 0, 3, 7]) order.take(seq, chunk(seq));
    const rest = order.rest();
    expect(seqsOf(rest.map(({ pcm }) => pcm))).toEqual([3, 7, 9]);
    expect(rest.map(({ missing }) => missing)).toEqual([2, 3, 1]);
    expect(order.rest()).toEqual([]);
    expect(order.nextSeq).toBe(10);
  });
});
