import { flatten, resolveTemplate, translator } from '@solid-primitives/i18n';
import { createEffect, createMemo, createRoot, createSignal } from 'solid-js';
import { storage } from '../state/storage.ts';
import { en } from './en.ts';
import { ko } from './ko.ts';

export type Locale = 'en' | 'ko';

const KEY = 'roomscribe.locale';
const texts = { en: flatten(en), ko: flatten(ko) };

const remembered = storage.getItem(KEY);
const preferred: Locale = navigator.language.startsWith('ko') ? 'ko' : 'en';

export const [locale, setLocale] = createSignal<Locale>(
  remembered === 'en' || remembered === 'ko' ? remembered : preferred,
);

/** The text of a key in the person's language, its values filled in. */
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

const asTime = { en: timeFormat('en'), ko: timeFormat('ko') };
const asDay = { en: dayFormat('en'), ko: dayFormat('ko') };

/** e.g. "3:42 PM" */
export function timeOf(iso: string): string {
  return asTime[locale()].format(new Date(iso));
}

/** "Today", "Yesterday", or the date. */
export function dayOf(iso: string): string {
  const date = new Date(iso);
  const today = new Date();
  if (isSameDay(date, today)) return t('room.today');
  if (isSameDay(date, new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)))
    return t('room.yesterday');
  return asDay[locale()].format(date);
}

export function isSameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

function timeFormat(of: Locale) {
  return new Intl.DateTimeFormat(of, { hour: 'numeric', minute: '2-digit' });
}

function dayFormat(of: Locale) {
  return new Intl.DateTimeFormat(of, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
}
