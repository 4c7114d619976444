/** The optimizers' updates: the tensors to be changed in a table that the kernels read, and the coefficients. */
import type { AdadeltaOptions, AdagradOptions, AdamaxOptions, AdamOptions, RmspropOptions, SgdOptions, Updates } from '../kernels.ts';
import { type Allocator, address } from './allocator.ts';
import type { Threads } from './threads.ts';

/** Words of a row in a table of updates. */
const ROW_WORDS = 8;

/** Elements that are updated, in all. */
function elementsOf({ count, sizes }: Updates): number {
  let size = 0;
  for (let i = 0; i < count; i++) size += sizes[i];
  return size;
}

export class Updating {
  readonly #heap: Allocator;
  readonly #threads: Threads;

  constructor(heap: Allocator, threads: Threads) {
    this.#heap = heap;
    this.#threads = threads;
  }

  /** Writes the rows of `updates` as the kernels read them (see kernels/optim.ts); gives their address. */
  #table({ count, sizes, theta, grad, state }: Updates): number {
    const table = this.#heap.scratch(count * ROW_WORDS * 4);
    const words = this.#heap.words();
    const first = state[0];
    const second = state.length > 1 ? state[1] : null;
    const third = state.length > 2 ? state[2] : null;
    for (let i = 0, at = table >>> 2; i < count; i++, at += ROW_WORDS) {
      words[at] = sizes[i];
      words[at + 1] = address(theta[i]);
      words[at + 2] = address(grad[i]);
      words[at + 3] = first === null ? 0 : address(first[i]);
      words[at + 4] = second === null ? 0 : address(second[i]);
      words[at + 5] = third === null ? 0 : address(third[i]);
    }
    return table;
  }

  sgd(updates: Updates, { weightDecay, momentum, share, alongVelocity, alongGradient }: SgdOptions): void {
    const size = elementsOf(updates);
    this.#threads.kernels.sgd(
      this.#table(updates),
      updates.count,
      0,
      size,
      size,
      weightDecay,
      momentum,
      share,
      alongVelocity,
      alongGradient,
    );
  }

  adam(updates: Updates, options: AdamOptions): void {
    const { beta1, beta2, eps, weightDecay, shrink, correction2, alongMoment, alongGradient } = options;
    const size = elementsOf(updates);
    this.#threads.kernels.adam(
      this.#table(updates),
      updates.count,
      0,
      size,
      size,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      eps,
      1 / Math.sqrt(correction2),
      shrink,
      weightDecay,
      alongMoment,
      alongGradient,
    );
  }

  adamax(updates: Updates, { lr, beta1, beta2, eps, weightDecay }: AdamaxOptions): void {
    const size = elementsOf(updates);
    this.#threads.kernels.adamax(this.#table(updates), updates.count, 0, size, size, lr, beta1, 1 - beta1, beta2, eps, weightDecay);
  }

  adagrad(updates: Updates, { lr, eps, weightDecay }: AdagradOptions): void {
    const size = elementsOf(updates);
    this.#threads.kernels.adagrad(this.#table(updates), updates.count, 0, size, size, lr, eps, weightDecay);
  }

  rmsprop(updates: Updates, { lr, alpha, eps, weightDecay, momentum }: RmspropOptions): void {
    const size = elementsOf(updates);
    this.#threads.kernels.rmsprop(this.#table(updates), updates.count, 0, size, size, lr, alpha, 1 - alpha, eps, weightDecay, momentum);
  }

  adadelta(updates: Updates, { lr, rho, eps, weightDecay }: AdadeltaOptions): void {
    const size = elementsOf(updates);
    this.#threads.kernels.adadelta(this.#table(updates), updates.count, 0, size, size, lr, rho, 1 - rho, eps, weightDecay);
  }
}
