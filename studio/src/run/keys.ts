/** The keys of a lab that trains. */
import { m } from '../paraglide/messages.js';
import type { Run } from './run.svelte.ts';

/** What a person does with a run, or with several at once. */
export interface Hands {
  play(): void;
  pause(): void;
  goTo(step: number): void;
}

/** For the help. */
export const runKeys = (): (readonly [keys: string, meaning: string])[] => [
  ['K', m.play_key_play()],
  ['J', m.play_key_back()],
  ['L', m.play_key_step()],
  ['E', m.play_key_epoch()],
  ['0', m.play_key_start()],
];

/** Where the epoch after the one under way begins. */
export function nextEpoch({ step, outline }: Run): number {
  const perEpoch = outline?.stepsPerEpoch ?? 1;
  return (Math.floor(step / perEpoch) + 1) * perEpoch;
}

/** Does what the key says, unless it was meant for a field or a dialog. */
export function takeKey(event: KeyboardEvent, run: Run, { play, pause, goTo }: Hands): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
  if (event.target instanceof HTMLElement && event.target.matches('input:not([type=range]), textarea, select, [role=application]')) return;
  const act = {
    k: () => (run.isPlaying ? pause() : play()),
    j: () => goTo(run.step - 1),
    l: () => goTo(run.step + 1),
    e: () => goTo(nextEpoch(run)),
    0: () => goTo(0),
  }[event.key.toLowerCase()];
  if (act === undefined) return;
  event.preventDefault();
  act();
}
