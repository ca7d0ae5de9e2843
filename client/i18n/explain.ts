import type { EngineInfo, EngineName, EngineRef, Speech } from '../../contract/types.ts';
import type { Failure } from '../sdk/errors.ts';
import { en } from './en.ts';
import { isolate, locale, t } from './i18n.ts';

const MINUTE = 60;

/** Why something failed. For a reason without a text of ours, the server's English message is quoted. */
export function explainFailure({ reason, message }: Pick<Failure, 'reason' | 'message'>): string {
  return isKeyOf(en.failure, reason)
    ? t(`failure.${reason}`)
    : t('failure.other', { message: isolate(message) });
}

/** How good an engine is, and where it sends the audio. An engine without a text of ours gets the server's. */
export function describeEngine({ name, description }: EngineRef): string {
  return isKeyOf(en.engine, name) ? t(`engine.${name}`) : description;
}

/** The name that people read for an engine: the server's engine or its fallback. */
export function engineLabel(name: EngineName, engine: EngineInfo | undefined): string {
  const known = engine?.available ? [engine, engine.fallback] : [];
  return known.find((candidate) => candidate?.name === name)?.label ?? name;
}

/** e.g. "Captions by PocketSphinx: English only, about a third of the words wrong" */
export function explainCaptionEngine(name: EngineName, engine: EngineInfo | undefined): string {
  const captionsBy = t('speech.captionsBy', { engine: engineLabel(name, engine) });
  return isKeyOf(en.engineWarning, name) ? `${captionsBy}: ${t(`engineWarning.${name}`)}` : captionsBy;
}

/** e.g. "12 s not heard: the connection was lost"; null for speech that was heard. */
export function explainGap(
  speech: Pick<Speech, 'gap' | 'startedAt'> & { endedAt: string | null },
): string | null {
  const { gap, startedAt, endedAt } = speech;
  if (gap === undefined) return null;
  const seconds = endedAt === null ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  const length =
    seconds < 2 * MINUTE
      ? t('speech.seconds', { count: Math.max(1, Math.round(seconds)) })
      : t('speech.minutes', { count: Math.round(seconds / MINUTE) });
  return t('speech.notHeard', { length, why: t(`gap.${gap}`) });
}

/** The name of a language in the language of the page, e.g. "Korean (South Korea)". */
export function languageName(tag: string): string {
  if (tag === 'auto') return t('settings.auto');
  return new Intl.DisplayNames(locale(), { type: 'language' }).of(tag) ?? tag;
}

function isKeyOf<T extends object>(texts: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(texts, key);
}
