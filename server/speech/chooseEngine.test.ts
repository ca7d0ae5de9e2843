import { describe, expect, test } from 'vitest';
import { createScriptedEngine } from '../transcriber/testing/scripted.ts';
import { type Candidate, chooseEngine, type EngineSetting } from './chooseEngine.ts';

const engine = createScriptedEngine([]);
const missing: Candidate = { name: 'aws', probe: async () => ({ reason: 'No credentials.' }) };
const broken: Candidate = { name: 'sherpa', probe: () => Promise.reject(new Error('no library')) };
const working: Candidate = { name: 'pocketsphinx', probe: async () => ({ engine }) };

describe('the setting', () => {
  test.each<[EngineSetting, Candidate[]]>([
    ['auto', [missing, broken, working]],
    ['auto', [working, missing]],
    ['pocketsphinx', [missing, working]],
  ])('%s finds an engine that works', async (setting, candidates) => {
    expect(await chooseEngine(setting, candidates)).toEqual({ engine });
  });

  test('finds the first engine that works, and probes no other', async () => {
    const unprobed: Candidate = { name: 'aws', probe: () => Promise.reject(new Error('probed')) };
    expect(await chooseEngine('auto', [working, unprobed])).toEqual({ engine });
    expect(await chooseEngine('pocketsphinx', [unprobed, working])).toEqual({ engine });
  });

  test.each<[EngineSetting, Candidate[], string[]]>([
    ['auto', [missing, broken], ['No credentials.', 'sherpa failed: no library']],
    ['aws', [missing, working], ['No credentials.']],
    ['sherpa', [missing, working], ['no engine named sherpa']],
    ['off', [working], ['SPEECH_ENGINE=off']],
  ])('%s finds no engine, and tells people why', async (setting, candidates, reasons) => {
    const choice = await chooseEngine(setting, candidates);
    expect(choice.engine).toBeNull();
    for (const reason of reasons) expect(choice).toMatchObject({ reason: expect.stringContaining(reason) });
  });
});
