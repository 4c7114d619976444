/** What the library says of bad input, in the language of the page. */
import { locale } from '../shell/locale.svelte.ts';
import { josa } from './josa.ts';
import { inKorean } from './reasons-ko.ts';

/** An error's message, or a message, as the page says it. */
export function inWords(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason);
  return locale() === 'ko' ? josa(inKorean(message)) : message;
}
