import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkPlaces } from './chunkPlaces.ts';

/** Adds chunks of these lengths; a negative number is a loss of so many samples. @returns where each chunk begins. */
function add(places: ChunkPlaces, lengths: number[]): { seq: number; at: number; samples: number }[] {
  let at = 0;
  const chunks: { seq: number; at: number; samples: number }[] = [];
  for (const samples of lengths) {
    if (samples > 0) {
      chunks.push({ seq: chunks.length, at, samples });
      places.add(chunks.length - 1, at, samples);
    }
    at += Math.abs(samples);
  }
  return chunks;
}

describe('the place of a sample', () => {
  test.each<[string, number[], number, { seq: number; samples: number }]>([
    ['at the start of a stream', [], 0, { seq: 0, samples: 0 }],
    ['at the start of a chunk', [100, 100], 100, { seq: 1, samples: 0 }],
    ['inside of a chunk', [100, 100], 130, { seq: 1, samples: 30 }],
    ['behind the newest chunk', [100, 100], 200, { seq: 2, samples: 0 }],
    ['in a loss before the first chunk', [-500, 100], 400, { seq: 0, samples: 0 }],
    ['behind a loss before the first chunk', [-500, 100], 520, { seq: 0, samples: 20 }],
    ['in a loss between two chunks', [100, -500, 100], 300, { seq: 1, samples: 0 }],
    ['behind a loss between two chunks', [100, -500, 100], 601, { seq: 1, samples: 1 }],
    ['among chunks of other lengths', [100, 50, 25, 25, 80], 176, { seq: 3, samples: 1 }],
  ])('%s', (_, lengths, sample, place) => {
    const places = new ChunkPlaces();
    add(places, lengths);
    expect(places.placeOf(sample)).toEqual(place);
  });

  test('splits every audio exactly at the sample, also after earlier places are forgotten', () => {
    const length = fc.oneof(
      fc.constant(160),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: -900, max: -1 }),
    );
    fc.assert(
      fc.property(
        fc.array(length, { maxLength: 40 }),
        fc.array(fc.nat(9_000), { maxLength: 6 }),
        (lengths, samples) => {
          const places = new ChunkPlaces();
          const chunks = add(places, lengths);
          for (const sample of samples.toSorted((a, b) => a - b)) {
            const place = places.placeOf(sample);
            const before = chunks.reduce(
              (sum, chunk) => sum + Math.min(Math.max(0, sample - chunk.at), chunk.samples),
              0,
            );
            const told = chunks.reduce(
              (sum, chunk) => sum + (chunk.seq < (place?.seq ?? 0) ? chunk.samples : 0),
              0,
            );
            expect(told + (place?.samples ?? 0)).toBe(before);
            expect(places.advanceTo(sample)).toEqual(place);
          }
        },
      ),
    );
  });

  test('is not told, rather than told wrongly, after a thousand changes of the length', () => {
    const places = new ChunkPlaces();
    add(
      places,
      Array.from({ length: 1_100 }, (_, i) => 1 + (i % 2)),
    );
    expect(places.placeOf(10)).toBeUndefined();
    expect(places.placeOf(1_650)).toEqual({ seq: 1_100, samples: 0 });
    expect(places.placeOf(1_648)).toEqual({ seq: 1_099, samples: 0 });
    expect([places.advanceTo(10), places.advanceTo(1_648), places.advanceTo(900)]).toEqual([
      { seq: 0, samples: 0 },
      ...[1, 2].map(() => ({ seq: 1_099, samples: 0 })),
    ]);
  });
});
