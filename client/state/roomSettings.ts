import { DEFAULT_SPEECH_SETTINGS } from '../../contract/speechSettings.ts';
import type { EngineInfo, SpeechFeature, SpeechSettings } from '../../contract/types.ts';

/** What rooms are offered where the engine does not say which languages it hears. */
const USUAL_LANGUAGES = ['en-US', 'ko-KR'];

/** The settings that each feature of an engine is needed for. */
const NEEDED_FOR: Record<Exclude<SpeechFeature, 'auto'>, keyof SpeechSettings> = {
  vocabulary: 'vocabulary',
  vocabularyFilter: 'vocabularyFilter',
  stability: 'stability',
  redact: 'redact',
  speakers: 'speakers',
};

/** What a room can be set to hear, with what it is set to already. */
export function languagesOf(engine: EngineInfo | undefined, current: string[]): string[] {
  const heard = (engine?.available && engine.languages) || USUAL_LANGUAGES;
  return [...new Set([...heard, ...current])].filter((tag) => tag !== 'auto');
}

/** Adds a language or takes it away. Of one language there is one dialect: the one chosen last. */
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

/** What the engine lacks cannot be turned on; but what is on already can be turned off, or nobody could speak. */
export function isLocked(
  engine: EngineInfo | undefined,
  feature: Exclude<SpeechFeature, 'auto'>,
  settings: SpeechSettings,
): boolean {
  const setting = NEEDED_FOR[feature];
  return !hasFeature(engine, feature) && settings[setting] === DEFAULT_SPEECH_SETTINGS[setting];
}
