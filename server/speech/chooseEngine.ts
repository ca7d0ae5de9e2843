import type { EngineName } from '../../contract/types.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';

/** An engine that could be used here, and how to find out. `reason` says for people what is missing. */
export type Candidate = {
  name: EngineName;
  probe: () => Promise<{ engine: SpeechEngine } | { reason: string }>;
};

export type Wish = 'auto' | 'off' | EngineName;

/** `reason` says for people why there is none. */
export type Chosen = { engine: SpeechEngine } | { engine: null; reason: string };

/**
 * Which engine listens: the one wished for, or with `auto` the first of the candidates, best first, that can.
 * Never throws: a server without speech is still a chat server, and says why.
 */
export async function chooseEngine(wish: Wish, candidates: Candidate[]): Promise<Chosen> {
  if (wish === 'off')
    return { engine: null, reason: 'Speech is switched off on this server (SPEECH_ENGINE=off).' };
  const reasons: string[] = [];
  for (const { name, probe } of candidates) {
    if (wish !== 'auto' && wish !== name) continue;
    const found = await probe().catch((error: Error) => ({ reason: `${name} failed: ${error.message}` }));
    if ('engine' in found) return found;
    reasons.push(found.reason);
  }
  const why = reasons.length > 0 ? reasons.join(' ') : `There is no engine named ${wish} here.`;
  return { engine: null, reason: `Speech is off. ${why}` };
}
