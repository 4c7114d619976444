/** One step of training: forward, loss, backward, update. */
import { isRecording } from '../autograd/mode.ts';
import type { Kernels } from '../backend/kernels.ts';
import type { Batch, DataLoader } from '../data/loader.ts';
import { UserError } from '../errors.ts';
import { type Module, observeForward } from '../nn/module.ts';
import { type Random, type RandomState, withRandom } from '../random.ts';
import { keep, release, step } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import type { Logs, Phase } from './events.ts';
import type { FitOptions } from './fit-options.ts';
import type { Metric } from './metrics.ts';
import { gradientReport, NotFiniteError, nanReport } from './nan-doctor.ts';
import type { Profiler } from './profile.ts';
import type { StepWatcher } from './step-watcher.ts';

/** What the steps of a run share. */
export interface StepParts {
  readonly model: Module;
  readonly options: FitOptions;
  readonly loader: DataLoader;
  readonly random: Random;
  readonly kernels: Kernels;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly profiler: Profiler | null;
}

export class StepRunner {
  /** Sums over the examples of the epoch so far. */
  running: { samples: number; sums: Logs } = { samples: 0, sums: {} };
  private readonly parts: StepParts;
  private readonly parameters: readonly Tensor[];
  private watching: readonly StepWatcher[] = [];
  private epoch = 0;
  private x: Tensor | null = null;
  private y: Tensor | null = null;

  constructor(parts: StepParts) {
    this.parts = parts;
    this.parameters = parts.model.parameters();
  }

  /** Forward, backward, and the update where gradients are not added up any further. Gives the batch's loss. */
  run(batch: Batch, epoch: number, watching: readonly StepWatcher[]): number {
    const { options, random, loader, model, profiler } = this.parts;
    const { optimizer, beforeUpdate, afterUpdate, mixBatch, accumulate = 1 } = options;
    this.watching = watching;
    this.epoch = epoch;
    const read = { x: this.tensorFor('x', batch.xShape), y: this.tensorFor('y', batch.yShape) };
    batch.write(read.x, read.y);
    const { position } = loader.state();
    const place = (position - 1) % accumulate;
    const last = place === accumulate - 1 || position === loader.length;
    for (const watcher of watching) watcher.begin(model);
    const value = withRandom(random, () =>
      step(() => {
        const { x, y } = mixBatch?.(read.x, read.y) ?? read;
        const streams = random.state();
        if (optimizer.needsClosure) return this.byClosure(x, y, streams);
        if (place === 0) optimizer.zeroGrad();
        const { loss, value } = this.computeLoss(x, y, streams, true);
        this.enter('backward');
        const share = batch.xShape[0] / this.samplesOfUpdate(place);
        this.backward(share === 1 ? loss : loss.mul(share));
        if (this.parameters.some(hasBadGradient)) throw this.badGradient(x, y, streams);
        if (!last) return value;
        for (const watcher of watching) watcher.backward();
        this.enter('update');
        beforeUpdate?.();
        optimizer.step();
        afterUpdate?.();
        return value;
      }),
    );
    profiler?.enter('rest');
    return value;
  }

  forget(): void {
    for (const which of ['x', 'y'] as const) {
      const tensor = this[which];
      if (tensor !== null) release(tensor);
      this[which] = null;
    }
  }

  /** Means over the epoch so far. */
  means(): Logs {
    const { samples, sums } = this.running;
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / samples]));
  }

  /** An update by an optimizer that asks for the loss itself, at several points. */
  private byClosure(x: Tensor, y: Tensor, streams: RandomState): number {
    const { optimizer, beforeUpdate, afterUpdate } = this.parts.options;
    let counted = false;
    this.enter('update');
    const value = optimizer.step(() => {
      this.parts.random.restore(streams); // the same masks at every point where the loss is taken
      const { loss, value } = this.computeLoss(x, y, streams, !counted);
      counted = true;
      this.enter('update');
      if (beforeUpdate === undefined) return loss;
      loss.backward();
      beforeUpdate();
      return value;
    });
    for (const watcher of this.watching) watcher.backward();
    afterUpdate?.();
    return value;
  }

  /** The loss of a batch with its graph, and as a number; `counted` where it belongs into the epoch's figures. */
  private computeLoss(x: Tensor, y: Tensor, streams: RandomState, counted: boolean): { loss: Tensor; value: number } {
    const { profiler } = this.parts;
    this.enter('forward');
    const compute = (): { output: Tensor; loss: Tensor } => this.outputAndLoss(x, y, counted);
    const { output, loss } = profiler === null ? compute() : profiler.forward(compute);
    const value = loss.item();
    if (!Number.isFinite(value)) throw this.badLoss(value, x, y, streams);
    if (!isRecording() || !loss.requiresGrad)
      throw new UserError('fit: the loss does not depend on any parameter that requires a gradient');
    if (counted) {
      this.running.samples += x.shape[0];
      this.count('loss', value * x.shape[0]);
      for (const [name, metric] of Object.entries(this.parts.metrics)) this.count(name, metric(output, y));
    }
    return { loss, value };
  }

  private outputAndLoss(x: Tensor, y: Tensor, counted: boolean): { output: Tensor; loss: Tensor } {
    const { model, options } = this.parts;
    const output = counted && this.watching.length > 0 ? this.watchedForward(x) : model.call(x);
    this.enter('loss');
    const loss = options.loss(output, y);
    return { output, loss: options.penalty ? loss.add(options.penalty()) : loss };
  }

  /** The forward pass, layer by layer: fused ones are taken apart, which changes no bit. */
  private watchedForward(x: Tensor): Tensor {
    return observeForward(
      (path, module, _, output) => {
        for (const watcher of this.watching) watcher.forward(path, module, output);
      },
      () => this.parts.model.call(x),
    );
  }

  private backward(loss: Tensor): void {
    const { profiler } = this.parts;
    if (profiler === null) loss.backward();
    else profiler.backward(() => loss.backward());
  }

  private enter(phase: Phase): void {
    this.parts.profiler?.enter(phase);
  }

  /** How many examples the update has to which the batch under way belongs, the batch being number `place` of it. */
  private samplesOfUpdate(place: number): number {
    const { batchSize, length, dropLast, dataset } = this.parts.loader;
    const first = this.parts.loader.state().position - 1 - place;
    const end = Math.min(length, first + (this.parts.options.accumulate ?? 1)) * batchSize;
    return (dropLast ? end : Math.min(end, dataset.length)) - first * batchSize;
  }

  /** Computes the step again from the same random streams, to see where it went wrong. */
  private badLoss(value: number, x: Tensor, y: Tensor, streams: RandomState): NotFiniteError {
    this.parts.random.restore(streams);
    return new NotFiniteError(nanReport(this.parts.model, x, y, this.parts.options.loss, { value, ...this.where() }));
  }

  private badGradient(x: Tensor, y: Tensor, streams: RandomState): NotFiniteError {
    const { model, options } = this.parts;
    const { loss, penalty } = options;
    this.parts.random.restore(streams);
    const whole = (output: Tensor, y: Tensor): Tensor => (penalty ? loss(output, y).add(penalty()) : loss(output, y));
    return new NotFiniteError(gradientReport(model, x, y, whole, this.where()));
  }

  private where(): { epoch: number; step: number; lr: number } {
    return { epoch: this.epoch, step: this.parts.loader.state().position, lr: this.parts.options.optimizer.lr };
  }

  /** The batch's tensor: one for each shape, filled again and again. */
  private tensorFor(which: 'x' | 'y', shape: readonly number[]): Tensor {
    let tensor = this[which];
    if (tensor === null || !sameShape(tensor.shape, shape)) {
      if (tensor !== null) release(tensor);
      tensor = keep(emptyTensor([...shape], this.parts.kernels));
      this[which] = tensor;
    }
    return tensor;
  }

  private count(name: string, sum: number): void {
    this.running.sums[name] = (this.running.sums[name] ?? 0) + sum;
  }
}

/** Numbers of a large gradient that are looked at. */
const LOOKED_AT = 8;

/**
 * Looks at all of a gradient of one dimension, a bias as a rule, in which whatever came through its layer adds up; and at a few numbers of a larger one, which a
 * penalty spoils as a whole.
 */
function hasBadGradient({ rank, grad }: Tensor): boolean {
  if (grad === null) return false;
  const values = grad.kernels.view(grad.storage);
  const stride = rank <= 1 ? 1 : Math.max(1, Math.floor(grad.size / LOOKED_AT));
  let sum = 0;
  // x - x is 0, but for what is not finite.
  for (let i = 0; i < grad.size; i += stride) sum += values[i] - values[i];
  return sum !== 0;
}
