import { expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import { localRefusal } from './refusal.ts';

const ENGINE = { label: 'The engine', languages: ['ko-KR', 'en-US'] };

const refusal = (settings: Partial<SpeechSettings>, language = 'auto') =>
  localRefusal(
    { language, sampleRate: 16_000, settings: { ...DEFAULT_SPEECH_SETTINGS, ...settings } },
    ENGINE,
  );

test('the default settings are served', () => {
  expect(refusal({})).toBeNull();
  expect(localRefusal({ language: 'ko', sampleRate: 16_000 }, ENGINE)).toBeNull();
});

test('an unknown language is refused, also as one of the languages that “auto” may detect', () => {
  expect(refusal({}, 'de-DE')).toBe('The engine understands ko-KR and en-US here, not de-DE.');
  expect(refusal({ languages: ['en-US', 'de-DE'] })).toMatch(/not de-DE/);
  expect(refusal({ languages: ['ko-KR', 'en-US'] })).toBeNull();
  expect(refusal({ languages: ['de-DE'] }, 'en-US')).toBeNull();
});

test('every sample rate of the contract is served, and others are refused', () => {
  const at = (sampleRate: number) => localRefusal({ language: 'ko', sampleRate }, ENGINE);
  for (const rate of [8_000, 9_999, 44_100, 48_000]) expect(at(rate)).toBeNull();
  for (const rate of [7_999, 48_001, 0, Number.NaN])
    expect(at(rate)).toBe(`The engine needs audio of 8000 to 48000 samples a second, not ${rate}.`);
});

test.each<[Partial<SpeechSettings>, RegExp]>([
  [{ redact: true }, /cannot leave out personal data/],
  [{ vocabulary: 'names' }, /cannot use a vocabulary/],
  [{ vocabularyFilter: 'rude' }, /cannot filter words/],
  [{ speakers: true }, /cannot tell several speakers apart/],
])('the setting %j is refused instead of ignored', (settings, message) => {
  expect(refusal(settings)).toMatch(message);
});
