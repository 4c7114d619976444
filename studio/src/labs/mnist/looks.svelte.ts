/** What the lab shows of the net besides figures, asked of the worker as the run goes: what it reads, what it gets wrong, what it looks for. */
import { untrack } from 'svelte';
import type { Run } from '../../run/run.svelte.ts';
import type { LayerWeights, Part, Readings } from '../../training/protocol.ts';
import { confusionOf, type Example, examplesOf, worstMistakes } from './mistakes.ts';
import type { Read } from './Reading.svelte';
import { classNames } from './state.ts';
import { grayOf, PAD, type Stroke } from './strokes.ts';

const shownMistakes = 24;
const behindCell = 48;
const shownFilters = 64;
/** While it trains, pictures and readings follow this often, in milliseconds. */
const pace = 400;

/** What is looked at. */
export interface Subject {
  readonly strokes: readonly Stroke[];
  readonly part: Part;
}

export class Looks {
  readonly #run: Run;
  readonly #subject: Subject;
  /** Of the drawing; null where there is none. */
  reading: Read | null = $state.raw(null);
  readings: Readings | null = $state.raw(null);
  filters: { readonly filters: LayerWeights | null; readonly units: number } = $state.raw({ filters: null, units: 0 });
  /** The cell of the confusion matrix whose images are shown: truth, and what it was read as. */
  chosen = $state.raw<readonly [number, number] | null>(null);
  cellPixels: Uint8Array | null = $state.raw(null);
  mistakePixels: Uint8Array | null = $state.raw(null);
  readonly counts: readonly (readonly number[])[] | null = $derived(
    this.readings === null ? null : confusionOf(this.readings, classNames.length),
  );
  readonly cell: readonly Example[] = $derived(
    this.readings === null || this.chosen === null ? [] : examplesOf(this.readings, this.chosen[0], this.chosen[1], behindCell),
  );
  readonly mistakes: readonly Example[] = $derived(this.readings === null ? [] : worstMistakes(this.readings, shownMistakes));

  /** There is no data any more, and nothing to show of it. */
  forget(): void {
    this.reading = null;
    this.readings = null;
    this.filters = { filters: null, units: 0 };
    this.chosen = null;
  }

  /** Call while a component is set up: looks for as long as it lives. */
  constructor(run: Run, subject: Subject) {
    this.#run = run;
    this.#subject = subject;
    const readDrawing = latest(
      () => this.#readDrawing(),
      answer => {
        this.reading = answer;
      },
    );
    const readPart = latest(
      () => run.ask({ about: 'readings', part: subject.part }),
      answer => {
        this.readings = answer.readings;
      },
    );
    const lookAtFilters = latest(
      () => run.ask({ about: 'filters', most: shownFilters }),
      answer => {
        this.filters = answer;
      },
    );

    // The drawing is read as it is drawn.
    $effect(() => {
      void [subject.strokes, run.outline];
      untrack(readDrawing);
    });

    // What follows the training: at rest at once, while it goes on now and then.
    $effect(() => {
      if (run.outline === null) return;
      if (run.isPlaying) {
        const timer = setInterval(() => {
          readDrawing();
          lookAtFilters();
        }, pace);
        return () => clearInterval(timer);
      }
      void [run.step, run.fingerprint];
      untrack(() => {
        readDrawing();
        lookAtFilters();
      });
    });

    $effect(() => {
      if (run.outline === null) return;
      void [run.epochs.length, run.fingerprint, subject.part];
      untrack(readPart);
    });

    this.#follow(
      () => this.mistakes,
      pixels => {
        this.mistakePixels = pixels;
      },
    );
    this.#follow(
      () => this.cell,
      pixels => {
        this.cellPixels = pixels;
      },
    );
  }

  async #readDrawing(): Promise<Read | null> {
    const { strokes } = this.#subject;
    if (strokes.length === 0) return null;
    return (await this.#run.ask({ about: 'drawing', gray: grayOf(strokes), side: PAD })).reading;
  }

  /** Fetches the images of examples. */
  #follow(examples: () => readonly Example[], take: (pixels: Uint8Array) => void): void {
    $effect(() => {
      const indices = examples().map(one => one.index);
      const part = this.readings?.part ?? 'validation';
      if (indices.length === 0) return;
      void this.#run.ask({ about: 'images', part, indices }).then(
        answer => take(answer.pixels),
        () => {},
      );
    });
  }
}

/** Asks for the newest of something, one question at a time; what comes after a newer question is dropped. */
function latest<T>(ask: () => Promise<T>, take: (answer: T) => void): () => void {
  let isAsking = false;
  let again = false;
  const go = async (): Promise<void> => {
    if (isAsking) {
      again = true;
      return;
    }
    isAsking = true;
    try {
      take(await ask());
    } catch {
      // another run has begun, or there is none: the next question is for that
    } finally {
      isAsking = false;
    }
    if (again) {
      again = false;
      void go();
    }
  };
  return () => void go();
}
