/** The backward pass: from one output, through the graph in reverse order of creation, by the chain rule. */
import { UserError } from '../errors.ts';
import { ownGradient } from '../tensor/scope.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { aliasTensor, emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { setRecording } from './mode.ts';
import type { AnyOp } from './op.ts';

/** The ops that gradients themselves need. */
interface Arithmetic {
  /** the sum at a fan-out */
  add(a: Tensor, b: Tensor): Tensor;
  /** the sum over what broadcasting repeated */
  sumTo(x: Tensor, shape: Shape): Tensor;
  /** Σ aᵢ bᵢ, a scalar: for products with a vector, as Hessians need them */
  dot(a: Tensor, b: Tensor): Tensor;
}
/** @internal */
export let arithmetic: Arithmetic;

/** @internal ops hand over what the backward pass sums with, so that it knows no op by name */
export function setArithmetic(ops: Arithmetic): void {
  arithmetic = ops;
}

export interface BackwardOptions {
  /** ∂L/∂output, of the output's shape; 1 when left out, for an output of one element. */
  readonly gradient?: Tensor;
  /** Records the backward pass itself, so that the gradients can be differentiated again. Default false. */
  readonly createGraph?: boolean;
}

/** Told of each edge as a gradient passes it: from an op's output to one of its inputs. */
export type EdgeObserver = (output: Tensor, inputIndex: number, gradient: Tensor) => void;

/**
 * Adds ∂output/∂leaf to `leaf.grad` for every leaf that requires it.
 *
 * By the chain rule, ∂L/∂u = Σ over uses of u of ∂L/∂z ∂z/∂u. Same as PyTorch's `Tensor.backward`.
 */
export function backward(output: Tensor, options: BackwardOptions = {}): void {
  run(output, options, null);
}

/**
 * ∂output/∂input for each input given, without touching any `.grad`. Same as PyTorch's `torch.autograd.grad`.
 *
 * An input that the output does not depend on is an error, unless `allowUnused`: then its gradient is null.
 */
export function grad(
  output: Tensor,
  inputs: readonly Tensor[],
  options: BackwardOptions & { readonly allowUnused: true },
): (Tensor | null)[];
export function grad(output: Tensor, inputs: readonly Tensor[], options?: BackwardOptions): Tensor[];
export function grad(
  output: Tensor,
  inputs: readonly Tensor[],
  options: BackwardOptions & { readonly allowUnused?: boolean } = {},
): (Tensor | null)[] {
  const found = new Map<Tensor, Tensor | null>(inputs.map(input => [input, null]));
  run(output, options, found);
  return inputs.map((input, i) => {
    const gradient = found.get(input) ?? null;
    if (gradient === null && !options.allowUnused) {
      const name = input.name ? `'${input.name}'` : `input ${i}`;
      throw new UserError(
        `grad: the output does not depend on ${name} of shape ${formatShape(input.shape)}${input.requiresGrad ? '' : ', which has requiresGrad = false'}; pass allowUnused: true to get null for it`,
      );
    }
    return gradient;
  });
}

let watchEdge: EdgeObserver | null = null;

/** Runs `work` while `watch` is told of every gradient that passes an edge. */
export function observeEdges<T>(watch: EdgeObserver, work: () => T): T {
  const before = watchEdge;
  watchEdge = watch;
  try {
    return work();
  } finally {
    watchEdge = before;
  }
}

/**
 * The tensors that gradients have arrived at. Those made by an op wait as a heap, latest first: an op's output always has a higher id than its inputs, so
 * when a tensor comes up all its uses have been summed. Kept from pass to pass.
 */
class Pass {
  readonly heap: Tensor[] = [];
  readonly leaves: Tensor[] = [];
  /** What one op's `fastBackward` gives. */
  readonly gradients: (Tensor | null)[] = [];

  push(tensor: Tensor): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(tensor);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].id > tensor.id) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = tensor;
  }

  pop(): Tensor {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop()!;
    const n = heap.length;
    if (n === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= n) break;
      if (child + 1 < n && heap[child + 1].id > heap[child].id) child++;
      if (heap[child].id < last.id) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }

  /** Adds to what has arrived at a tensor. `own`: nothing else refers to this gradient. */
  arrive(tensor: Tensor, gradient: Tensor, own: boolean): void {
    if (tensor.arriving !== null) {
      tensor.arriving = arithmetic.add(tensor.arriving, gradient);
      tensor.arrivingIsOwn = true;
      return;
    }
    tensor.arriving = gradient;
    tensor.arrivingIsOwn = own;
    if (tensor.origin === null) this.leaves.push(tensor);
    else this.push(tensor);
  }

  clear(): void {
    for (const tensor of this.heap) tensor.arriving = null;
    for (const tensor of this.leaves) tensor.arriving = null;
    this.heap.length = 0;
    this.leaves.length = 0;
  }
}

let spare: Pass | null = null;

/** Adds the gradient of every leaf to its `.grad`, or puts those of the tensors in `wanted` there. */
function run(output: Tensor, options: BackwardOptions, wanted: Map<Tensor, Tensor | null> | null): void {
  if (!output.requiresGrad) {
    throw new UserError(
      output.origin === null && !output.isDead
        ? 'backward: the output does not require a gradient: nothing it was computed from has requiresGrad = true, or it was computed inside noGrad or an earlier step'
        : 'backward: the output does not require a gradient',
    );
  }
  const seed = options.gradient ?? ones(output);
  if (!sameShape(seed.shape, output.shape)) {
    throw new UserError(
      `backward: the gradient given is ${formatShape(seed.shape)}; it must have the output's shape ${formatShape(output.shape)}`,
    );
  }
  const createGraph = options.createGraph ?? false;
  const pass = spare ?? new Pass();
  spare = null; // should an observer start a pass of its own
  const recording = setRecording(createGraph);
  try {
    pass.arrive(output, seed, false);
    while (pass.heap.length > 0) {
      const tensor = pass.pop();
      const gradient = tensor.arriving!;
      tensor.arriving = null;
      if (wanted?.has(tensor)) wanted.set(tensor, gradient);
      propagate(pass, tensor, gradient, createGraph);
    }
    for (let i = 0; i < pass.leaves.length; i++) {
      const leaf = pass.leaves[i];
      const gradient = leaf.arriving!;
      leaf.arriving = null;
      if (wanted === null) addGradient(leaf, gradient, createGraph);
      else if (wanted.has(leaf)) wanted.set(leaf, gradient);
    }
  } finally {
    setRecording(recording);
    pass.clear();
    spare = pass;
  }
}

function addGradient(leaf: Tensor, gradient: Tensor, createGraph: boolean): void {
  const { grad } = leaf;
  const sum = grad === null ? gradient : arithmetic.add(grad, gradient);
  if ((grad !== null || leaf.arrivingIsOwn) && !createGraph) {
    ownGradient(leaf, sum);
    return;
  }
  // A tensor of its own over the same storage: the one at hand may also be the gradient of something else.
  const own = aliasTensor(sum, leaf.shape);
  if (createGraph) {
    own.origin = sum.origin;
    own.requiresGrad = sum.requiresGrad;
  }
  ownGradient(leaf, own);
}

/** One op of the pass: ∂L/∂input += ∂L/∂z ∂z/∂input, for each input that requires it. */
function propagate(pass: Pass, z: Tensor, dz: Tensor, createGraph: boolean): void {
  const { inputs, attrs, aux } = z.origin!;
  const op = z.origin!.op as AnyOp;
  if (op.fastBackward !== undefined && !createGraph) {
    const { gradients } = pass;
    for (let i = 0; i < inputs.length; i++) gradients[i] = null;
    op.fastBackward(dz, inputs, z, attrs, aux, gradients);
    for (let i = 0; i < inputs.length; i++) {
      const gradient = gradients[i];
      if (gradient === null || !inputs[i].requiresGrad) continue;
      gradients[i] = null;
      watchEdge?.(z, i, gradient);
      pass.arrive(inputs[i], gradient, true);
    }
    return;
  }
  const thunks = op.backward(dz, inputs, z, attrs);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    const thunk = thunks[i];
    if (thunk === null || thunk === undefined || !input.requiresGrad) continue;
    let gradient = thunk();
    if (!sameShape(gradient.shape, input.shape)) gradient = arithmetic.sumTo(gradient, input.shape);
    watchEdge?.(z, i, gradient);
    pass.arrive(input, gradient, false);
  }
}

function ones(output: Tensor): Tensor {
  if (output.size !== 1) {
    throw new UserError(
      `backward: the output has shape ${formatShape(output.shape)}; a gradient starts from one number. Reduce it with sum() or mean(), or pass { gradient } of the same shape`,
    );
  }
  const one = emptyTensor(output.shape, output.kernels);
  one.kernels.fill(one.storage, 1, 1);
  return one;
}
