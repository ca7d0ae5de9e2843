import { flatten, resolveTemplate, translator } from '@solid-primitives/i18n';
import { createEffect, createMemo, createRoot, createSignal } from 'solid-js';
import { storage } from '../state/storage.ts';
import { en } from './en.ts';
import { ko } from './ko.ts';

export type Locale = 'en' | 'ko';

const KEY = 'roomscribe.locale';
const texts = { en: flatten(en), ko: flatten(ko) };

const stored = storage.getItem(KEY);
const browserLocale: Locale = navigator.language.startsWith('ko') ? 'ko' : 'en';

export const [locale, setLocale] = createSignal<Locale>(
  stored === 'en' || stored === 'ko' ? stored : browserLocale,
);

/** The text of a key in the language of the page, with its values filled in. */
export const t = createRoot(() => {
  createEffect(() => {
    document.documentElement.lang = locale();
    storage.setItem(KEY, locale());
  });
  return translator(
    createMemo(() => texts[locale()]),
    resolveTemplate,
  );
});

/** A text of a person as a value of `t`: its direction does not turn the text around it (Unicode’s FSI and PDI). */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}

const timeFormats = { en: timeFormat('en'), ko: timeFormat('ko') };
const dayFormats = { en: dayFormat('en'), ko: dayFormat('ko') };

/** e.g. "3:42 PM" */
export function timeOf(iso: string): string {
  return timeFormats[locale()].format(new Date(iso));
}

/** "Today", "Yesterday" or the full date. */
export function dayOf(iso: string): string {
  const date = new Date(iso);
  const today = new Date();
  if (isSameDay(date, today)) return t('room.today');
  if (isSameDay(date, new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)))
    return t('room.yesterday');
  return dayFormats[locale()].format(date);
}

export function isSameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

function timeFormat(language: Locale) {
  return new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
}

function dayFormat(language: Locale) {
  return new Intl.DateTimeFormat(language, {
    weekday: 'long',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
  });
}
