/** The language of the page: switched in place, kept between visits. */
import { isLocale, type Locale, locales, overwriteGetLocale } from '../paraglide/runtime.js';
import { recall, remember } from './storage.ts';

export type { Locale };

export const languages: Readonly<Record<Locale, string>> = { en: 'English', ko: '한국어' };

let current = $state<Locale>('en');

// Messages read the rune, so that a component that shows one follows the language by itself.
overwriteGetLocale(() => current);

export function locale(): Locale {
  return current;
}

export function setLanguage(wanted: Locale): void {
  current = wanted;
  document.documentElement.lang = wanted;
  remember('language', wanted);
}

/** The one asked for in the URL, else the one chosen before, else the first of the browser's that there is. */
export function startLanguage(asked: string | null): void {
  const wishes = [asked, recall('language'), ...navigator.languages.map(name => name.split('-')[0])];
  const found = wishes.find((wish): wish is Locale => wish !== null && isLocale(wish));
  current = found ?? locales[0];
  document.documentElement.lang = current;
}
