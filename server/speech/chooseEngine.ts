import type { EngineName } from '../../contract/types.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';

/** An engine that this server may be able to use. `probe` finds out; its `reason` tells people what is missing. */
export type Candidate = {
  name: EngineName;
  probe: () => Promise<{ engine: SpeechEngine } | { reason: string }>;
};

/** A setting of the server: one engine by name, or `auto` for the best one that works. */
export type EngineSetting = 'auto' | 'off' | EngineName;

/** The engine, or a sentence for people that says why there is none. */
export type ChosenEngine = { engine: SpeechEngine } | { engine: null; reason: string };

/**
 * Chooses the engine with the wanted name, or with `auto` the first candidate that works. The candidates are in order,
 * best first. Never throws: a server without speech is still a chat server, and tells people why it has no speech.
 */
export async function chooseEngine(setting: EngineSetting, candidates: Candidate[]): Promise<ChosenEngine> {
  if (setting === 'off')
    return { engine: null, reason: 'Speech is switched off on this server (SPEECH_ENGINE=off).' };
  const reasons: string[] = [];
  for (const { name, probe } of candidates) {
    if (setting !== 'auto' && setting !== name) continue;
    const result = await probe().catch((error: Error) => ({ reason: `${name} failed: ${error.message}` }));
    if ('engine' in result) return result;
    reasons.push(result.reason);
  }
  const why = reasons.length > 0 ? reasons.join(' ') : `There is no engine named ${setting} here.`;
  return { engine: null, reason: `Speech is off. ${why}` };
}
