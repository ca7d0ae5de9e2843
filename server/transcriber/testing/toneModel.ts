import { join } from 'node:path';
import type { SherpaModel } from '../sherpa/models.ts';
import { silence, tone } from './audio.ts';

/**
 * A model of 12 KB that the real library runs: each of its words is a sine (`toneModel/make.py` made it). It recognises
 * nothing, and no user must ever get to see it.
 */
export const TONE_MODEL: SherpaModel = {
  name: 'toneModel',
  hears: 'sines',
  languages: ['ko-KR', 'en-US'],
  tellsLanguages: true,
  capitalsOnly: false,
  files: { nemoCtc: 'tone.onnx', tokens: 'tokens.txt' },
  mostThreads: 1,
};

export const TONE_DIRECTORY = join(import.meta.dirname, 'toneModel');

/** The middle of the band in which the model looks for each of its tokens; `s` goes on with the word before it. */
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

/** Half a second of silence, the tokens, and a second of silence: an utterance. @throws RangeError if one has no tone. */
export function singTokens(tokens: string, sampleRate: number): Uint8Array {
  const sung = tokens.split(' ').map((token) => {
    const hertz = HERTZ[token];
    if (!hertz) throw new RangeError(`no tone for ${token}`);
    return tone(hertz, TOKEN_SECONDS, sampleRate);
  });
  return Buffer.concat([silence(0.5, sampleRate), ...sung, silence(1, sampleRate)]);
}
