import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PreRoll } from './preRoll.ts';

test('the pre-roll gives the newest bytes up to its capacity, each only once', () => {
  const capacity = 10;
  const steps = fc.array(fc.oneof(fc.uint8Array({ maxLength: 25 }), fc.constant('drain' as const)), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(steps, (script) => {
      const preRoll = new PreRoll(capacity);
      let written: number[] = [];
      for (const step of [...script, 'drain' as const]) {
        if (step === 'drain') {
          expect([...preRoll.drain()]).toEqual(written.slice(-capacity));
          written = [];
        } else {
          preRoll.write(step);
          written.push(...step);
          step.fill(0);
        }
      }
    }),
    { seed: 1 },
  );
});
