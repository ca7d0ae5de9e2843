import { tone } from '../audio.ts';
import { level, MIN_AMPLITUDE, ToneRecognizer } from './toneRecognizer.ts';

/** How many numbers there are: they have four digits. */
const NUMBERS = 10_000;
const DIGITS = 4;
const DIGIT_SECONDS = 0.025;
const LOWEST_HERTZ = 400;
/** Three cycles in the time of a digit, so that one digit is silent at the frequency of another. */
const STEP_HERTZ = 120;
/** Each place has tones of its own. So a number without its beginning is not taken for another number. */
const PLACE_HERTZ = 10 * STEP_HERTZ;
/** A window that begins up to 10 ms early still holds more than half of its digit. */
const MIN_DIGIT_AMPLITUDE = 2 * MIN_AMPLITUDE;

/** The digits of a number, as the recogniser writes them: 7 is `0007`. */
export function numberText(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

/**
 * PCM of a spoken number: 100 ms, like each word of `toneRecognizer.ts`. Each digit is a tone of 25 ms.
 * @throws RangeError for a number that has no four digits.
 */
export function synthesizeNumber(number: number, sampleRate: number): Uint8Array {
  if (!Number.isInteger(number) || number < 0 || number >= NUMBERS)
    throw new RangeError(`no tones for ${number}`);
  const digits = [...numberText(number)].map(Number);
  return Buffer.concat(digits.map((digit, place) => tone(hertzOf(digit, place), DIGIT_SECONDS, sampleRate)));
}

/**
 * Recognises spoken numbers. No two words of a speaker need to be the same, so a test can tell which of them was lost,
 * doubled or moved. A digit that cannot be understood is written as `?`. The rate must be 12 kHz or more.
 */
export function createNumberRecognizer(sampleRate: number): ToneRecognizer {
  return new ToneRecognizer(sampleRate, loudestNumber);
}

function loudestNumber(window: Buffer, sampleRate: number): string | null {
  const bytes = window.length / DIGITS;
  const digits = Array.from({ length: DIGITS }, (_, i) =>
    loudestDigit(window.subarray(i * bytes, (i + 1) * bytes), i, sampleRate),
  );
  return digits.every((digit) => digit === null) ? null : digits.map((digit) => digit ?? '?').join('');
}

function loudestDigit(window: Buffer, place: number, sampleRate: number): number | null {
  const levels = Array.from({ length: 10 }, (_, digit) => level(window, hertzOf(digit, place) / sampleRate));
  const loudest = Math.max(...levels);
  return loudest > MIN_DIGIT_AMPLITUDE ? levels.indexOf(loudest) : null;
}

function hertzOf(digit: number, place: number): number {
  return LOWEST_HERTZ + STEP_HERTZ * digit + PLACE_HERTZ * place;
}
