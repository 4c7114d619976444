/** Moments of a run that are kept, to go back to: close together at first, ever further apart the longer it gets, within a bound of memory. */
import type { StoredTensor } from '../../../src/io/safetensors.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Checkpoint } from '../../../src/train/checkpoint.ts';
import type { StopReason } from '../../../src/train/events.ts';
import type { Snapshot } from './protocol.ts';

/** A checkpoint with its numbers copied out, so that it outlives the model. */
export function snapshotOf({ state, model, optimizer, callbacks }: Checkpoint, ended: StopReason | null): Snapshot {
  return { step: state.globalStep, ended, state, model: copied(model), optimizer: copied(optimizer), callbacks: copied(callbacks) };
}

function copied(tensors: ReadonlyMap<string, Tensor | StoredTensor>): Map<string, StoredTensor> {
  return new Map([...tensors].map(([key, t]) => [key, { shape: [...t.shape], values: 'values' in t ? t.values : t.toArray() }]));
}

function bytesOf({ model, optimizer, callbacks }: Snapshot): number {
  return [model, optimizer, callbacks].reduce((sum, part) => [...part.values()].reduce((bytes, t) => bytes + t.values.byteLength, sum), 0);
}

export interface SnapshotLimits {
  /** Most snapshots. Default 200. */
  readonly count?: number;
  /** Most bytes of all together. Default 64 MiB. */
  readonly bytes?: number;
}

export class Snapshots {
  readonly #count: number;
  readonly #bytes: number;
  #kept: Snapshot[] = [];
  #interval = 1;

  constructor({ count = 200, bytes = 64 * 2 ** 20 }: SnapshotLimits = {}) {
    this.#count = count;
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#kept.length;
  }

  /** Whether the run, now at this step, is far enough from the last one kept. */
  isDue(step: number): boolean {
    const last = this.#kept.at(-1);
    return last === undefined || step >= last.step + this.#interval;
  }

  /** Keeps it, in the order of steps; where there are too many, every other one goes. */
  add(snapshot: Snapshot): void {
    const at = this.#kept.findIndex(({ step }) => step >= snapshot.step);
    if (at < 0) this.#kept.push(snapshot);
    else if (this.#kept[at].step !== snapshot.step) this.#kept.splice(at, 0, snapshot);
    const most = Math.max(4, Math.min(this.#count, Math.floor(this.#bytes / Math.max(1, bytesOf(snapshot)))));
    while (this.#kept.length > most) {
      this.#interval *= 2;
      this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    }
  }

  /** The last one at or before a step; there is one once the start was kept. */
  before(step: number): Snapshot | null {
    return this.#kept.findLast(one => one.step <= step && one.ended === null) ?? null;
  }
}
