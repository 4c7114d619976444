/** All that a report says of a run: plain data, read from the run's folder by `node/read-run.ts`. */
import type { DatasetInfo } from '../data/dataset.ts';
import type { TablePreprocessing } from '../experiment/prepare.ts';
import type { Experiment } from '../experiment/types.ts';
import type { RunCourse } from './course.ts';

/** What run.json says. A run that was killed has no end. */
export interface RunRecord {
  readonly chainrule?: string;
  readonly engine?: string;
  readonly platform?: string;
  readonly machine?: { readonly cpu: string; readonly cores: number };
  readonly command?: readonly string[];
  readonly started?: string;
  readonly ended?: string;
  /** Why it ended; 'failed' with a message. */
  readonly outcome?: string;
  readonly message?: string;
  readonly resumedAtStep?: number;
  readonly data?: string;
  readonly instead?: string;
}

/** A tensor of the trained model, by its state-dict key. */
export interface NamedWeights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The weights of the newest checkpoint, or why they could not be read. */
export type RunWeights =
  | { readonly checkpoint: string; readonly globalStep: number; readonly tensors: readonly NamedWeights[] }
  | { readonly problem: string };

export interface ReportRun {
  /** What it is called: its folder. */
  readonly name: string;
  readonly experiment: Experiment;
  readonly info: DatasetInfo;
  /** For tables; null for images. */
  readonly table: TablePreprocessing | null;
  readonly record: RunRecord;
  readonly course: RunCourse;
  readonly weights: RunWeights;
}
