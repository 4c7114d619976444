/** The backward pass: from one output, through the graph in reverse order of creation, by the chain rule. */
import { UserError } from '../errors.ts';
import { ownGradient } from '../tensor/scope.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { aliasTensor, emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { enableGrad, noGrad } from './mode.ts';
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
  run(output, options, null, (leaf, gradient) => {
    const sum = leaf.grad === null ? gradient : arithmetic.add(leaf.grad, gradient);
    // A tensor of its own over the same storage: the one at hand may also be the gradient of something else.
    const own = aliasTensor(sum, leaf.shape);
    if (options.createGraph) {
      own.origin = sum.origin;
      own.requiresGrad = sum.requiresGrad;
    }
    ownGradient(leaf, own);
  });
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
  const found = new Map<Tensor, Tensor>();
  run(output, options, new Set(inputs), (input, gradient) => found.set(input, gradient));
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

/** Delivers the gradient of every wanted tensor (null: of every leaf) once all its uses have been summed. */
function run(
  output: Tensor,
  options: BackwardOptions,
  wanted: Set<Tensor> | null,
  deliver: (tensor: Tensor, gradient: Tensor) => void,
): void {
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
  const order = reachable(output);
  const pass = (): void => {
    output.arriving = seed;
    for (const tensor of order) {
      const gradient = tensor.arriving;
      tensor.arriving = null;
      if (gradient === null) continue;
      if (wanted === null ? tensor.origin === null : wanted.has(tensor)) deliver(tensor, gradient);
      if (tensor.origin !== null) propagate(tensor, gradient, createGraph);
    }
  };
  try {
    (createGraph ? enableGrad : noGrad)(pass);
  } finally {
    for (const tensor of order) tensor.arriving = null;
  }
}

/** One op of the pass: ∂L/∂input += ∂L/∂z ∂z/∂input, for each input that requires it. */
function propagate(z: Tensor, dz: Tensor, createGraph: boolean): void {
  const { inputs, attrs, aux } = z.origin!;
  const op = z.origin!.op as AnyOp;
  const thunks =
    op.fastBackward !== undefined && !createGraph ? op.fastBackward(dz, inputs, z, attrs, aux) : op.backward(dz, inputs, z, attrs);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    const thunk = thunks[i];
    if (thunk === null || thunk === undefined || !input.requiresGrad) continue;
    let gradient = thunk();
    if (!sameShape(gradient.shape, input.shape)) gradient = arithmetic.sumTo(gradient, input.shape);
    watchEdge?.(z, i, gradient);
    input.arriving = input.arriving === null ? gradient : arithmetic.add(input.arriving, gradient);
  }
}

/** Everything that requires a gradient on the way to `output`, latest first: an op's output always comes before its inputs. */
function reachable(output: Tensor): Tensor[] {
  const seen = new Set<Tensor>([output]);
  for (const tensor of seen) {
    if (tensor.origin === null) continue;
    for (const input of tensor.origin.inputs) if (input.requiresGrad) seen.add(input);
  }
  return [...seen].sort((a, b) => b.id - a.id);
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
