import type { EngineInfo, EngineName, EngineRef, Speech } from '../../contract/types.ts';
import type { Failure } from '../sdk/errors.ts';
import { en } from './en.ts';
import { locale, t } from './i18n.ts';

const MINUTE = 60;

/** Why something failed, in the person's language where we have the words, else in the server's. */
export function explainFailure({ reason, message }: Pick<Failure, 'reason' | 'message'>): string {
  return isKnown(reason, en.failure) ? t(`failure.${reason}`) : message;
}

/** How good an engine is and where the audio goes. */
export function describeEngine({ name, description }: EngineRef): string {
  return isKnown(name, en.engine) ? t(`engine.${name}`) : description;
}

/** What people call an engine: the first one here, or its fallback. */
export function labelOf(name: EngineName, engine: EngineInfo | undefined): string {
  const known = engine?.available ? [engine, engine.fallback] : [];
  return known.find((one) => one?.name === name)?.label ?? name;
}

/** "PocketSphinx listens: English, about a third of the words wrong" */
export function explainListener(name: EngineName, engine: EngineInfo | undefined): string {
  const hears = t('speech.hears', { engine: labelOf(name, engine) });
  return isKnown(name, en.engineBriefly) ? `${hears}: ${t(`engineBriefly.${name}`)}` : hears;
}

/** "12 s not heard: the connection was lost"; null where something was heard. */
export function explainGap(
  stretch: Pick<Speech, 'gap' | 'startedAt'> & { endedAt: string | null },
): string | null {
  const { gap, startedAt, endedAt } = stretch;
  if (gap === undefined) return null;
  const seconds = endedAt === null ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  const length =
    seconds < 2 * MINUTE
      ? t('speech.seconds', { count: Math.max(1, Math.round(seconds)) })
      : t('speech.minutes', { count: Math.round(seconds / MINUTE) });
  return t('speech.notHeard', { length, why: t(`gap.${gap}`) });
}

/** A language's name in the person's own, e.g. "Korean (South Korea)". */
export function nameOfLanguage(tag: string): string {
  if (tag === 'auto') return t('settings.auto');
  return new Intl.DisplayNames(locale(), { type: 'language' }).of(tag) ?? tag;
}

function isKnown<T extends object>(word: string, texts: T): word is Extract<keyof T, string> {
  return Object.hasOwn(texts, word);
}
