/** Everything that a run needs to go on exactly where it stopped, and where it is kept. */
import type { StoredTensor } from '../io/safetensors.ts';
import type { RandomState } from '../random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Logs, StopReason } from './events.ts';

/** The part of a checkpoint that is plain JSON. */
export interface CheckpointState {
  readonly format: 2;
  /** Epochs done in full. */
  readonly epoch: number;
  readonly globalStep: number;
  /** Where the loader stands, and the sums of the epoch under way. */
  readonly loader: { readonly epoch: number; readonly position: number };
  readonly running: { readonly samples: number; readonly sums: Logs };
  readonly random: RandomState;
  readonly optimizer: unknown;
  readonly scheduler: unknown;
  readonly callbacks: Readonly<Record<string, unknown>>;
  /** Figures of every epoch done. */
  readonly history: readonly Logs[];
  /** What ends the run, where that is decided already and only its last words are missing. */
  readonly stopping: { readonly reason: StopReason; readonly message: string } | null;
}

export interface Checkpoint {
  readonly state: CheckpointState;
  /** The model's state dict. */
  readonly model: ReadonlyMap<string, Tensor | StoredTensor>;
  /** The optimizer's tensors. */
  readonly optimizer: ReadonlyMap<string, Tensor | StoredTensor>;
  /** Tensors of callbacks, by `<callback>.<name>`. */
  readonly callbacks: ReadonlyMap<string, Tensor | StoredTensor>;
}

/** Where checkpoints go: a run folder in Node, a browser's storage. */
export interface CheckpointStore {
  /** Keeps a checkpoint, whole or not at all; `best` marks it as the best so far. */
  save(checkpoint: Checkpoint, best: boolean): Promise<{ readonly name: string; readonly path: string }>;
}
