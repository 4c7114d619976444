/** How a lab lends the header what it offers there. */
import type { LabState } from '../lib/lab-state.svelte.ts';
import { type LabControls, shell } from './shell.svelte.ts';

type Kept = Pick<LabState<object>, 'canUndo' | 'canRedo' | 'undo' | 'redo' | 'link' | 'problems' | 'dismissProblems'>;

/** Lends the lab's history, address and problems, and what it can be copied as, for as long as the calling component lives. */
export function lend(lab: Kept, own: Pick<LabControls, 'typescript' | 'command' | 'keys'>): void {
  $effect(() =>
    shell.lend({
      get canUndo() {
        return lab.canUndo;
      },
      get canRedo() {
        return lab.canRedo;
      },
      undo: () => lab.undo(),
      redo: () => lab.redo(),
      link: () => lab.link(),
      ...own,
      get problems() {
        return lab.problems;
      },
      dismissProblems: () => lab.dismissProblems(),
    }),
  );
}
