import { join } from 'node:path';
import type { SherpaModel } from '../sherpa/models.ts';
import { silence, tone } from './audio.ts';

/**
 * A model of 12 KB for the real library, made by `toneModel/make.py`. Each of its words is a sine tone. It recognises
 * no speech, so users must never see it.
 */
export const TONE_MODEL: SherpaModel = {
  name: 'toneModel',
  understands: 'sine tones',
  languages: ['ko-KR', 'en-US'],
  detectsLanguage: true,
  capitalsOnly: false,
  files: { nemoCtc: 'tone.onnx', tokens: 'tokens.txt' },
  maxThreads: 1,
};

export const TONE_DIRECTORY = join(import.meta.dirname, 'toneModel');

/** The middle of the frequency band of each token. The token `s` continues the word before it. */
const HERTZ: Record<string, number> = {
  hello: 217,
  world: 503,
  one: 878,
  two: 1_371,
  three: 2_017,
  안녕: 2_865,
  하세요: 3_978,
  s: 5_438,
};
const TOKEN_SECONDS = 0.3;

/**
 * An utterance: half a second of silence, the tokens' tones, a second of silence.
 * @throws RangeError for an unknown token.
 */
export function synthesizeTokens(tokens: string, sampleRate: number): Uint8Array {
  const tones = tokens.split(' ').map((token) => {
    const hertz = HERTZ[token];
    if (!hertz) throw new RangeError(`no tone for ${token}`);
    return tone(hertz, TOKEN_SECONDS, sampleRate);
  });
  return Buffer.concat([silence(0.5, sampleRate), ...tones, silence(1, sampleRate)]);
}
