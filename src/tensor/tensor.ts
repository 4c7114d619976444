/** The tensor: a shape over a block of a backend's storage, with its place in the graph. Its methods are attached in `ops/methods.ts`. */
import { currentBackend } from '../backend/current.ts';
import type { FloatArray, Kernels, Storage } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { adopt, type Holding } from './scope.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';

/** Storage shared by one tensor and those reshaped from it; given back when the last of them dies. */
export interface Block {
  readonly kernels: Kernels;
  readonly storage: Storage;
  owners: number;
}

/** How a tensor was made: the op applied, to what, and what the op remembers for its backward pass. */
export interface Origin {
  readonly op: OpInfo;
  readonly inputs: readonly Tensor[];
  readonly attrs: unknown;
  readonly aux: readonly Tensor[];
}

/** What the graph needs to know of an op. The rules themselves are in `autograd/op.ts`. */
export interface OpInfo {
  readonly name: string;
  readonly formula: string;
}

let made = 0;

/**
 * An n-dimensional array of floats, contiguous and row-major, on one backend.
 *
 * Inside `step(() => ...)` a tensor dies with the step unless the step returns it (docs/design/memory.md).
 */
export class Tensor {
  readonly shape: Shape;
  readonly size: number;
  /** Order of creation: an op's output always has a higher id than its inputs. */
  readonly id: number;
  /** A name for messages and graphs; parameters get theirs from the module they are in. */
  name = '';
  /** Whether `backward` brings a gradient here. On for parameters and whatever is computed from them. */
  requiresGrad = false;
  /** How it was computed, while a backward pass may still ask; null for a leaf. */
  origin: Origin | null = null;
  /** @internal null once the tensor is dead */
  block: Block | null;
  /** @internal parameters, buffers, optimizer state, gradients of leaves: a step's end passes them over */
  kept = false;
  /** @internal the sum of gradients that have arrived during a backward pass */
  arriving: Tensor | null = null;
  /** @internal nothing but `arriving` refers to that sum */
  arrivingIsOwn = false;
  /** @internal a gradient holds on to its leaf, whose end frees them both */
  leaf: Tensor | null = null;
  /** @internal what the collector gives back, for a tensor that no step owns */
  holding: Holding | null = null;
  private ownGrad: Tensor | null = null;

  constructor(shape: Shape, block: Block) {
    this.shape = shape;
    this.size = sizeOf(shape);
    this.id = ++made;
    this.block = block;
    block.owners++;
    adopt(this);
  }

  /** ∂L/∂this after `backward`, for a leaf that requires it; null before, and after `zeroGrad`. Same shape as the tensor. */
  get grad(): Tensor | null {
    return this.ownGrad;
  }

  /** @internal set through `ownGradient` in scope.ts, which minds whose storage it is */
  replaceGrad(grad: Tensor | null): void {
    this.ownGrad = grad;
  }

  get rank(): number {
    return this.shape.length;
  }

  get kernels(): Kernels {
    return this.live().kernels;
  }

  get dtype(): 'float32' | 'float64' {
    return this.live().kernels.dtype;
  }

  /** @internal the storage, or an error that says why there is none any more */
  get storage(): Storage {
    return this.live().storage;
  }

  get isDead(): boolean {
    return this.block === null;
  }

  private live(): Block {
    if (this.block === null) throw new UserError(deadMessage(this));
    return this.block;
  }

  /** The numbers, copied out in row-major order. */
  toArray(): FloatArray {
    const { kernels, storage } = this.live();
    return kernels.view(storage).slice(0, this.size) as FloatArray;
  }

  /** The one number of a tensor of one element. */
  item(): number {
    if (this.size !== 1) {
      throw new UserError(
        `item: the tensor has ${this.size} elements (shape ${formatShape(this.shape)}); item() reads a tensor of one; use toArray() or tolist()`,
      );
    }
    const { kernels, storage } = this.live();
    return kernels.view(storage)[0];
  }

  /** The numbers as nested arrays, a plain number for a scalar. */
  tolist(): NestedNumbers {
    const flat = this.toArray();
    let at = 0;
    const build = (dim: number): NestedNumbers => {
      if (dim === this.shape.length) return flat[at++];
      return Array.from({ length: this.shape[dim] }, () => build(dim + 1));
    };
    return build(0);
  }

  /** Overwrites the numbers in place. Not recorded in the graph: for parameters, buffers and data. */
  set(values: ArrayLike<number> | Tensor): this {
    const { kernels, storage } = this.live();
    if (values instanceof Tensor && values.kernels === kernels) {
      if (values.size !== this.size) throw lengthError(this, values.size);
      kernels.unary('copy', values.storage, storage, this.size, 0);
      return this;
    }
    const source = values instanceof Tensor ? values.toArray() : values;
    if (source.length !== this.size) throw lengthError(this, source.length);
    kernels.view(storage).set(source);
    return this;
  }

  toString(): string {
    const what = this.block === null ? 'dead' : this.size <= 100 ? formatNumbers(this.tolist()) : `${this.size} elements`;
    return `Tensor ${this.name ? `${this.name} ` : ''}${formatShape(this.shape)} ${what}`;
  }
}

export type NestedNumbers = number | NestedNumbers[];

/** A new tensor with its own storage on the current backend (or the one given), its contents not set. */
export function emptyTensor(shape: Shape, kernels: Kernels = currentBackend()): Tensor {
  return new Tensor(shape, { kernels, storage: kernels.alloc(sizeOf(shape)), owners: 0 });
}

/** A tensor of another shape over the same storage. */
export function aliasTensor(x: Tensor, shape: Shape): Tensor {
  void x.storage; // an error when dead
  return new Tensor(shape, x.block!);
}

function deadMessage(t: Tensor): string {
  const who = t.name ? `the tensor '${t.name}'` : 'this tensor';
  return `${who} of shape ${formatShape(t.shape)} is dead: it was made inside step(() => ...) (or came with a batch), and died when that ended. Return it from the step, or read its numbers inside with item(), toArray() or tolist()`;
}

function lengthError(t: Tensor, given: number): UserError {
  return new UserError(`set: ${given} numbers were given for a tensor of shape ${formatShape(t.shape)}, which holds ${t.size}`);
}

/** Five digits of each; not JSON, which has no NaN and no infinity. */
function formatNumbers(value: NestedNumbers): string {
  return Array.isArray(value) ? `[${value.map(formatNumbers).join(',')}]` : String(Number(value.toPrecision(5)));
}
