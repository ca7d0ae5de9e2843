import type { EngineInfo } from '../../server/contract/types.ts';
import type { Failure } from '../sdk/errors.ts';
import { en } from './en.ts';
import { t } from './i18n.ts';

/** Why something failed, in the person's language where we have the words, else in the server's. */
export function explainFailure({ reason, message }: Failure): string {
  return isKnown(reason, en.failure) ? t(`failure.${reason}`) : message;
}

/** How good an engine is and where the audio goes. */
export function describeEngine({ name, description }: Extract<EngineInfo, { available: true }>): string {
  return isKnown(name, en.engine) ? t(`engine.${name}`) : description;
}

function isKnown<T extends object>(word: string, texts: T): word is Extract<keyof T, string> {
  return Object.hasOwn(texts, word);
}
