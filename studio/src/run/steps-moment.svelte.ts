/** Where runs stand, in the address: `at=120`, or `at=120,80` of several. Whoever opens it sees them trained to there, to the same bits. */
import { readNumber } from '../lib/codec.ts';
import type { LabState, Moment } from '../lib/lab-state.svelte.ts';
import type { Run } from './run.svelte.ts';

/** Above the steps of any training that a page could do. */
const MOST = 1e9;

export class StepsMoment implements Moment {
  readonly key = 'at';
  readonly #runs: readonly Run[];
  /** What the address asks for, until the runs are told. */
  #asked: readonly number[] | null = $state.raw(null);

  constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  write(): string {
    const steps = this.#asked ?? this.#runs.map(run => run.place);
    return steps.join(',').replace(/(^|,)0(,0)*$/, '');
  }

  /** What cannot be read is no step to go to: the runs stand at their beginning. */
  read(text: string | null): void {
    const steps = text === null ? [] : text.split(',').map(part => readNumber(part, { min: 0, max: MOST, whole: true }) ?? 0);
    this.#asked = text === null || steps.length > this.#runs.length ? null : steps;
  }

  /** The step that the address asks of each run; empty where it asks nothing. To be followed by `told`. */
  get asked(): readonly number[] {
    return this.#asked ?? [];
  }

  told(): void {
    this.#asked = null;
  }
}

/** Keeps the address at where the runs stand, while they play within a second, for as long as the calling component lives. */
export function noteSteps(lab: Pick<LabState<object>, 'noteMoment'>, runs: readonly Run[]): void {
  $effect(() => {
    const rests = runs.map(run => run.fingerprint);
    if (rests.some(rest => rest !== null)) lab.noteMoment();
  });
  $effect(() => {
    if (!runs.some(run => run.isPlaying)) return;
    const timer = setInterval(() => lab.noteMoment(), 1000);
    return () => clearInterval(timer);
  });
}
