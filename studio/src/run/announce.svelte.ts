/** What is said of a run to who listens rather than looks. */
import { untrack } from 'svelte';
import { m } from '../paraglide/messages.js';
import { shell } from '../shell/shell.svelte.ts';
import type { Run } from './run.svelte.ts';

const every = 10_000;

/** That training has ended, and why; '' while it has not. */
export function endingOf({ ended }: Run): string {
  if (ended === 'completed') return m.play_ended_completed();
  return ended === 'earlyStopping' ? m.play_ended_earlyStopping() : '';
}

/** Says where the run is now and then while it trains, and where it comes to rest, for as long as the calling component lives. */
export function announceRun(run: () => Run, spoken: () => string): void {
  $effect(() => {
    const one = run();
    if (!one.isPlaying) return;
    const timer = setInterval(() => shell.announce(spoken()), every);
    return () => {
      clearInterval(timer);
      shell.announce(untrack(() => `${endingOf(one)} ${spoken()}`.trim()));
    };
  });
}
