import { describe, expect, test } from 'vitest';
import { createScriptedEngine } from '../transcriber/testing/scripted.ts';
import { type Candidate, chooseEngine, type Wish } from './chooseEngine.ts';

const engine = createScriptedEngine([]);
const missing: Candidate = { name: 'aws', probe: async () => ({ reason: 'No credentials.' }) };
const broken: Candidate = { name: 'sherpa', probe: () => Promise.reject(new Error('no library')) };
const there: Candidate = { name: 'pocketsphinx', probe: async () => ({ engine }) };

describe('the engine', () => {
  test.each<[Wish, Candidate[]]>([
    ['auto', [missing, broken, there]],
    ['auto', [there, missing]],
    ['pocketsphinx', [missing, there]],
  ])('%s is found', async (wish, candidates) => {
    expect(await chooseEngine(wish, candidates)).toEqual({ engine });
  });

  test('that is best is taken, and the others are not asked', async () => {
    const unasked: Candidate = { name: 'aws', probe: () => Promise.reject(new Error('asked')) };
    expect(await chooseEngine('auto', [there, unasked])).toEqual({ engine });
    expect(await chooseEngine('pocketsphinx', [unasked, there])).toEqual({ engine });
  });

  test.each<[Wish, Candidate[], string[]]>([
    ['auto', [missing, broken], ['No credentials.', 'sherpa failed: no library']],
    ['aws', [missing, there], ['No credentials.']],
    ['sherpa', [missing, there], ['no engine named sherpa']],
    ['off', [there], ['SPEECH_ENGINE=off']],
  ])('%s is not there, and people are told why', async (wish, candidates, reasons) => {
    const choice = await chooseEngine(wish, candidates);
    expect(choice.engine).toBeNull();
    for (const reason of reasons) expect(choice).toMatchObject({ reason: expect.stringContaining(reason) });
  });
});
