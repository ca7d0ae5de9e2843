import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { EngineInfo, SpeechFeature, SpeechSettings } from '../../contract/types.ts';

/** The languages that are offered when the engine does not list its own. */
const DEFAULT_LANGUAGES = ['en-US', 'ko-KR'];

/** The setting that needs each feature of an engine. */
const SETTING_OF: Record<Exclude<SpeechFeature, 'auto'>, keyof SpeechSettings> = {
  vocabulary: 'vocabulary',
  vocabularyFilter: 'vocabularyFilter',
  stability: 'stability',
  redact: 'redact',
  speakers: 'speakers',
};

/** The languages that a room can be set to. The current ones stay offered even if the engine lacks them. */
export function offeredLanguages(engine: EngineInfo | undefined, current: string[]): string[] {
  const supported = (engine?.available && engine.languages) || DEFAULT_LANGUAGES;
  return [...new Set([...supported, ...current])].filter((tag) => tag !== 'auto');
}

/** Adds or removes a language. A language has one dialect at most: the one that was chosen last. */
export function toggleLanguage(chosen: string[], tag: string): string[] {
  if (chosen.includes(tag)) return chosen.filter((other) => other !== tag);
  return [...chosen.filter((other) => primary(other) !== primary(tag)), tag];
}

function primary(tag: string): string | undefined {
  return tag.split('-')[0];
}

export function hasFeature(engine: EngineInfo | undefined, feature: SpeechFeature): boolean {
  return engine?.available === true && engine.features.includes(feature);
}

/** A setting that the engine lacks can be turned off but not on, because nobody can speak while it is on. */
export function isLocked(
  engine: EngineInfo | undefined,
  feature: Exclude<SpeechFeature, 'auto'>,
  settings: SpeechSettings,
): boolean {
  const setting = SETTING_OF[feature];
  return !hasFeature(engine, feature) && settings[setting] === DEFAULT_SPEECH_SETTINGS[setting];
}
