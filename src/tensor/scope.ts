/** Step scopes: who owns a tensor, and when it dies (docs/design/memory.md). */
import { UserError } from '../errors.ts';
import type { Block, Tensor } from './tensor.ts';

interface Scope {
  readonly tensors: Tensor[];
  readonly outer: Scope | null;
}

/** What is given back when a tensor that no step owns is collected: its storage, and its gradient's. It must not refer to the tensor. */
export interface Holding {
  readonly block: Block;
  grad: Block | null;
  /** bytes counted against the limit on loose tensors */
  looseBytes: number;
}

const looseLimit = 1024 ** 3;
const pool: Tensor[][] = [];
const collected = new FinalizationRegistry<Holding>(holding => {
  looseBytes -= holding.looseBytes;
  alive--;
  releaseBlock(holding.block);
  if (holding.grad !== null) {
    alive--;
    releaseBlock(holding.grad);
  }
});

let current: Scope | null = null;
let alive = 0;
let looseBytes = 0;

/**
 * Runs one step of work: every tensor made inside dies at its end, except what the step returns (tensors in the returned value,
 * its arrays and its plain objects), parameters, buffers, optimizer state and gradients of leaves. What is returned is cut from its graph.
 *
 *     const loss = step(() => {
 *       optimizer.zeroGrad();
 *       const loss = crossEntropy(model.forward(x), y);
 *       loss.backward();
 *       optimizer.step();
 *       return loss.item();
 *     });
 */
export function step<T>(work: () => T): T {
  const scope: Scope = { tensors: pool.pop() ?? [], outer: current };
  current = scope;
  let survivors: Set<unknown> | null = null;
  try {
    const result = work();
    if (result instanceof Promise) {
      result.catch(() => {}); // its own error would otherwise be reported a second time
      throw new UserError('step: the function returned a promise; a step is synchronous. Load data before it, and await outside');
    }
    if (typeof result === 'object' && result !== null) survivors = collect(result, new Set());
    return result;
  } finally {
    close(scope, survivors);
  }
}

/** Makes a tensor outlive its step: it lives as long as something refers to it. For parameters, buffers and state. */
export function keep<T extends Tensor>(tensor: T): T {
  if (tensor.kept) return tensor;
  tensor.kept = true;
  const holding = tensor.holding ?? hold(tensor);
  looseBytes -= holding.looseBytes;
  holding.looseBytes = 0;
  return tensor;
}

/** How many tensors are alive, on all backends. */
export function liveTensors(): number {
  return alive;
}

/** @internal called by every tensor's constructor */
export function adopt(tensor: Tensor): void {
  alive++;
  if (current !== null) {
    current.tensors.push(tensor);
    return;
  }
  hold(tensor);
  if (looseBytes > looseLimit) {
    const mib = Math.round(looseBytes / 1024 ** 2);
    release(tensor);
    throw new UserError(
      `tensors made outside step() hold ${mib} MiB, and none can be collected while a loop runs. Put the body of the loop in step(() => ...)`,
    );
  }
}

/** @internal ends a tensor now, and its gradient with it */
export function release(tensor: Tensor): void {
  const block = tensor.block;
  if (block === null) return;
  const { grad } = tensor;
  dropHolding(tensor);
  if (grad !== null) {
    tensor.replaceGrad(null);
    release(grad);
  }
  tensor.block = null;
  tensor.origin = null;
  releaseBlock(block);
  alive--;
}

/** @internal makes `grad` the gradient that `leaf` owns; the former one goes to the current step, or to the collector */
export function ownGradient(leaf: Tensor, grad: Tensor | null): void {
  const former = leaf.grad;
  if (former === grad) return;
  if (grad !== null) {
    grad.kept = true;
    grad.leaf = leaf;
    dropHolding(grad);
  }
  leaf.replaceGrad(grad);
  if (leaf.holding !== null) leaf.holding.grad = grad === null ? null : grad.block;
  if (former !== null && former.block !== null) {
    former.leaf = null;
    former.kept = false;
    alive--; // adopt counts it again
    adopt(former);
  }
}

function hold(tensor: Tensor): Holding {
  dropHolding(tensor); // a tensor that came to its scope twice (made there, and handed over as a gradient) is given back once
  const block = tensor.block!;
  // storage that a reshape shares is counted once
  const holding = { block, grad: tensor.grad?.block ?? null, looseBytes: block.owners > 1 ? 0 : bytesOf(block) };
  tensor.holding = holding;
  looseBytes += holding.looseBytes;
  collected.register(tensor, holding, tensor);
  return holding;
}

function dropHolding(tensor: Tensor): void {
  if (tensor.holding === null) return;
  collected.unregister(tensor);
  looseBytes -= tensor.holding.looseBytes;
  tensor.holding = null;
}

function close(scope: Scope, survivors: Set<unknown> | null): void {
  current = scope.outer;
  const { tensors } = scope;
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i];
    if (tensor.block === null) continue;
    const survives = survivors?.has(tensor) ?? false;
    if (!tensor.kept && !survives) {
      // a gradient may be returned without its leaf
      if (tensor.grad !== null && survivors?.has(tensor.grad)) ownGradient(tensor, null);
      release(tensor);
      continue;
    }
    if (tensor.origin !== null) {
      tensor.requiresGrad = false; // what it was computed from ends here
      tensor.origin = null;
    }
    if (!tensor.kept) {
      alive--; // adopt counts it again
      adopt(tensor);
    }
  }
  tensors.length = 0;
  pool.push(tensors);
}

/** The tensors in a value, with every array and plain object passed on the way (which may refer to each other in a circle). */
function collect(value: unknown, found: Set<unknown>): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  if (isTensor(value)) found.add(value);
  else if (Array.isArray(value)) {
    found.add(value);
    for (const item of value) collect(item, found);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    found.add(value);
    for (const item of Object.values(value)) collect(item, found);
  }
  return found;
}

function isTensor(value: object): value is Tensor {
  return 'block' in value && 'requiresGrad' in value;
}

function releaseBlock(block: Block): void {
  if (--block.owners === 0) block.kernels.free(block.storage);
}

function bytesOf(block: Block): number {
  return block.storage.length * (block.kernels.dtype === 'float64' ? 8 : 4);
}
