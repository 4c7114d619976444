/** What the labs and the frame around them share. */
import { SvelteSet } from 'svelte/reactivity';
import type { Problem } from '../lib/codec.ts';

/** What a lab lends to the header. */
export interface LabControls {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  undo(): void;
  redo(): void;
  /** The whole state as an address, up to date. */
  link(): string;
  /** A program that does the same with the library; null while there is none. */
  typescript?(): string | null;
  /** A command line that does the same; null while there is none. */
  command?(): string | null;
  /** Keys of this lab, for the help. */
  readonly keys?: () => readonly (readonly [keys: string, meaning: string])[];
  /** What could not be read in the address. */
  readonly problems: readonly Problem[];
  dismissProblems(): void;
}

class Shell {
  lab: LabControls | null = $state.raw(null);
  /** Controls that the address hides, by name: `hide=share,language`. */
  readonly hidden: SvelteSet<string> = new SvelteSet();
  /** For the live region. */
  spoken: string = $state('');
  #flip = false;

  /** Lends the controls while a lab is shown; gives back how to take them away. */
  lend(controls: LabControls): () => void {
    this.lab = controls;
    return () => {
      if (this.lab === controls) this.lab = null;
    };
  }

  /** Says something to who listens rather than looks; the same text twice is said twice. */
  announce(text: string): void {
    this.#flip = !this.#flip;
    this.spoken = this.#flip ? text : `${text}\u200b`;
  }

  shows(control: string): boolean {
    return !this.hidden.has(control);
  }

  hide(list: string | null): void {
    this.hidden.clear();
    for (const name of (list ?? '').split(',')) if (name.trim() !== '') this.hidden.add(name.trim());
  }
}

export const shell: Shell = new Shell();
