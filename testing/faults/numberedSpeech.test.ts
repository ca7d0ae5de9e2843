import { describe, expect, test } from 'vitest';
import { VoiceGate } from '../../server/speech/microphone/voiceGate.ts';
import { silence } from '../../server/transcriber/testing/audio.ts';
import { createRandom } from '../../server/transcriber/testing/random.ts';
import {
  createNumberRecognizer,
  numberText,
  synthesizeNumber,
} from '../../server/transcriber/testing/transcribe/numberRecognizer.ts';
import { NumberedSpeech, SAMPLE_RATE } from './numberedSpeech.ts';

function recognize(pcm: Uint8Array): string[] {
  const recognizer = createNumberRecognizer(SAMPLE_RATE);
  return [...recognizer.recognize(Buffer.from(pcm)), ...recognizer.end()].flatMap(({ word }) => word ?? []);
}

const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => numberText(from + i));

test('the recogniser tells all numbers apart', () => {
  const numbers = Array.from({ length: 100 }, (_, i) => 101 * i);
  const pcm = numbers.map((number) => synthesizeNumber(number, SAMPLE_RATE));
  expect(recognize(Buffer.concat(pcm))).toEqual(numbers.map(numberText));
});

test.each([0, 1, 5, 9, 9.4])('numbers are recognised although the audio begins %s ms off the beat', (ms) => {
  const numbers = [17, 1_234, 9_009].map((number) => synthesizeNumber(number, SAMPLE_RATE));
  const pcm = Buffer.concat([silence(0.3 + ms / 1_000, SAMPLE_RATE), ...numbers]);
  expect(recognize(pcm)).toEqual(['0017', '1234', '9009']);
});

test('a number that is cut is not taken for another one', () => {
  const pair = Buffer.concat([91, 92].map((number) => synthesizeNumber(number, SAMPLE_RATE)));
  const bytesOf = (ms: number) => (2 * SAMPLE_RATE * ms) / 1_000;
  expect(recognize(pair.subarray(0, bytesOf(150)))).toEqual(['0091', '00??']);
  for (let ms = 1; ms < 100; ms += 1) {
    for (const word of recognize(pair.subarray(bytesOf(ms)))) expect(word).toMatch(/^0091$|^0092$|[?]/);
  }
});

describe('numbered speech', () => {
  test('counts, and passes the voice gate whole', () => {
    const speech = new NumberedSpeech(createRandom(3));
    const gate = new VoiceGate({ sampleRate: SAMPLE_RATE });
    const passed: Uint8Array[] = [];
    for (let i = 0; i < 800 || !speech.isPausing; i += 1) {
      for (const event of gate.take(speech.nextChunk(100 * i)))
        if (event.type === 'audio') passed.push(Buffer.from(event.pcm));
    }
    expect(speech.spoken.length).toBeGreaterThan(200);
    expect(recognize(Buffer.concat(passed))).toEqual(count(0, speech.spoken.length));
  });

  test('notes when each word began', () => {
    const speech = new NumberedSpeech(createRandom(1));
    for (let at = 0; at < 500; at += 100) speech.nextChunk(at);
    expect(speech.spoken.slice(0, 3)).toEqual([
      { number: 0, at: 0 },
      { number: 1, at: 100 },
      { number: 2, at: 400 },
    ]);
  });
});
