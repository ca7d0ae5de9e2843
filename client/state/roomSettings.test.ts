import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { EngineInfo } from '../../contract/types.ts';
import { isLocked, languagesOf, toggleLanguage } from './roomSettings.ts';

const engine = { available: true, languages: ['en-US', 'en-GB', 'ko-KR'], features: ['redact'] } as unknown;
const heard = engine as EngineInfo;

describe('the settings of a room', () => {
  test('offer the languages of the engine, and those that are set already', () => {
    expect(languagesOf(heard, ['auto'])).toEqual(['en-US', 'en-GB', 'ko-KR']);
    expect(languagesOf(heard, ['fr-FR', 'ko-KR'])).toEqual(['en-US', 'en-GB', 'ko-KR', 'fr-FR']);
    expect(languagesOf({ available: false, reason: '' }, [])).toEqual(['en-US', 'ko-KR']);
  });

  test('hold one dialect of each language to choose from', () => {
    expect(toggleLanguage(['en-US', 'ko-KR'], 'en-GB')).toEqual(['ko-KR', 'en-GB']);
    expect(toggleLanguage(['en-US', 'ko-KR'], 'ko-KR')).toEqual(['en-US']);
  });

  test('cannot turn on what the engine lacks, but can turn it off', () => {
    expect(isLocked(heard, 'redact', DEFAULT_SPEECH_SETTINGS)).toBe(false);
    expect(isLocked(heard, 'speakers', DEFAULT_SPEECH_SETTINGS)).toBe(true);
    expect(isLocked(heard, 'speakers', { ...DEFAULT_SPEECH_SETTINGS, speakers: true })).toBe(false);
  });
});
