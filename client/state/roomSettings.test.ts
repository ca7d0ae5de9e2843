import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { EngineInfo } from '../../contract/types.ts';
import { isLocked, offeredLanguages, toggleLanguage } from './roomSettings.ts';

const parts = { available: true, languages: ['en-US', 'en-GB', 'ko-KR'], features: ['redact'] } as unknown;
const engine = parts as EngineInfo;

describe('the settings of a room', () => {
  test('offer the languages of the engine, and the current languages of the room', () => {
    expect(offeredLanguages(engine, ['auto'])).toEqual(['en-US', 'en-GB', 'ko-KR']);
    expect(offeredLanguages(engine, ['fr-FR', 'ko-KR'])).toEqual(['en-US', 'en-GB', 'ko-KR', 'fr-FR']);
    expect(offeredLanguages({ available: false, reason: '' }, [])).toEqual(['en-US', 'ko-KR']);
  });

  test('allow one dialect of each language', () => {
    expect(toggleLanguage(['en-US', 'ko-KR'], 'en-GB')).toEqual(['ko-KR', 'en-GB']);
    expect(toggleLanguage(['en-US', 'ko-KR'], 'ko-KR')).toEqual(['en-US']);
  });

  test('let a feature that the engine lacks be turned off, but not on', () => {
    expect(isLocked(engine, 'redact', DEFAULT_SPEECH_SETTINGS)).toBe(false);
    expect(isLocked(engine, 'speakers', DEFAULT_SPEECH_SETTINGS)).toBe(true);
    expect(isLocked(engine, 'speakers', { ...DEFAULT_SPEECH_SETTINGS, speakers: true })).toBe(false);
  });
});
