/** Watches a training for the usual illnesses, and says what to do about them. */
import { UserError } from '../errors.ts';
import type { Module } from '../nn/module.ts';
import { Parameter } from '../nn/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainEvent, Warning, WarningCode } from './events.ts';
import { isDue, type StepPlace, type StepWatcher } from './step-watcher.ts';

export interface DiagnosisOptions {
  /** Steps between two looks. Default 50, and 500 for small nets, whose steps take no longer than a look: about 1 % of the time (`node bench/diagnosis.mjs`). */
  readonly every?: number;
}

/** Looks that must agree before anything is said. */
const LOOKS = 5;
/** Numbers read of a tensor at one look, at most, spread evenly over it. */
const SAMPLED = 4096;

/** Parameters times examples in a batch, below which a net is small. */
const SMALL = 5_000_000;

const DEAD_SHARE = 0.5;
const SATURATED_SHARE = 0.9;
/** Gradient of the first layer's weights against the last's, by root mean square. */
const VANISHED = 1e-4;
const EXPLODED = 1e3;
/** Change of a layer's weights in one step against their size: about 1e-3 is usual (Karpathy, CS231n, "Ratio of weights:updates"). */
const USUAL_RATIO = 1e-3;
const LARGE_RATIO = 0.1;
const SMALL_RATIO = 1e-6;
/** Steps from which the loss at the start is taken, and after which it should have fallen. */
const START = 20;
const SHOULD_FALL_BY = 500;
const SMOOTHING = 0.98;

/** What is remembered between looks; plain JSON, part of every checkpoint, so that a resumed run says the same, each thing once. */
interface State {
  said: string[];
  /** By layer: how many looks in a row showed the illness, by its code. */
  streaks: Record<string, number>;
  /** By layer: a 1 for each unit that was not 0 in one of the last looks, one list a look. */
  alive: Record<string, string[]>;
  gradientSizes: number[];
  loss: { steps: number; start: number; smoothed: number; best: number };
  ratio: number | null;
}

interface Look {
  readonly kind: string;
  readonly weight: Parameter | null;
  readonly before: Float64Array | null;
  gradient: number | null;
  output: { readonly alive: string; readonly saturated: number } | null;
}

/**
 * Tells a `warning` event with code, layer, figures and advice, each once a run, of: dead ReLU units, saturated sigmoids and tanhs, gradients that vanish
 * or explode on their way, a rate that is too high, a loss that does not fall or grows. It reads a few thousand numbers of each layer every so many steps, and
 * changes no bit of the training.
 */
export class Diagnosis implements StepWatcher {
  readonly name = 'diagnosis';
  private readonly every: number;
  /** The loss of guessing: the logarithm of the number of classes; null where it is not known. */
  private readonly chance: number | null;
  private memory: State = {
    said: [],
    streaks: {},
    alive: {},
    gradientSizes: [],
    loss: { steps: 0, start: 0, smoothed: 0, best: Number.POSITIVE_INFINITY },
    ratio: null,
  };
  private layers = new Map<string, Look>();

  /**
   * @param classes of the targets; 0 for values
   * @param work parameters times examples in a batch: about what a step takes
   */
  constructor({ every }: DiagnosisOptions, classes: number, work: number) {
    this.every = every ?? (work < SMALL ? 500 : 50);
    if (!Number.isInteger(this.every) || this.every < 1)
      throw new UserError(`diagnosis: every is ${every}; it must be a whole number of at least 1`);
    this.chance = classes > 1 ? Math.log(classes) : null;
  }

  /** Every step's loss. */
  note(loss: number): void {
    const one = this.memory.loss;
    one.steps++;
    if (one.steps <= START) one.start += (loss - one.start) / one.steps;
    one.smoothed = one.steps <= START ? one.start : SMOOTHING * one.smoothed + (1 - SMOOTHING) * loss;
    if (one.smoothed < one.best) one.best = one.smoothed;
  }

  wants(place: StepPlace): boolean {
    return isDue(place, this.every);
  }

  begin(model: Module): void {
    this.layers = new Map();
    for (const [name, module] of model.namedModules()) {
      const { weight } = module as { weight?: unknown };
      const own = weight instanceof Parameter ? weight : null;
      this.layers.set(name, { kind: module.constructor.name, weight: own, before: own && sampled(own), gradient: null, output: null });
    }
  }

  forward(path: string, module: Module, output: Tensor): void {
    const layer = this.layers.get(path);
    const kind = module.constructor.name;
    if (layer === undefined || !(kind in ENDS)) return;
    layer.output = {
      alive: kind === 'ReLU' ? aliveUnits(output) : '',
      saturated: kind === 'ReLU' ? 0 : saturatedShare(output, ENDS[kind]),
    };
  }

  backward(): void {
    for (const layer of this.layers.values()) if (layer.weight?.grad) layer.gradient = rms(sampled(layer.weight.grad));
  }

  end(place: StepPlace): readonly TrainEvent[] {
    const found = [...this.ofLoss(place), ...this.ofGradients(), ...[...this.layers].flatMap(([name, layer]) => this.ofLayer(name, layer))];
    this.layers = new Map();
    return found.flatMap(warning => {
      const key = `${warning.code} ${warning.layer ?? ''}`;
      if (this.memory.said.includes(key)) return [];
      this.memory.said.push(key);
      return [{ ...warning, epoch: place.epoch, globalStep: place.globalStep }];
    });
  }

  /** For a checkpoint. */
  state(): unknown {
    return structuredClone(this.memory);
  }

  restore(state: unknown): void {
    this.memory = structuredClone(state) as State;
  }

  /** Whether an illness has now shown in so many looks in a row. */
  private persists(code: WarningCode, layer: string, isIll: boolean, looks = LOOKS): boolean {
    const key = `${code} ${layer}`;
    const streak = isIll ? (this.memory.streaks[key] ?? 0) + 1 : 0;
    this.memory.streaks[key] = streak;
    return streak >= looks;
  }

  private ofLayer(name: string, { kind, weight, before, output }: Look): Warning[] {
    const warnings: Warning[] = [];
    const called = `layer '${name}' (${kind})`;
    if (output !== null && kind === 'ReLU') {
      const looks = [...(this.memory.alive[name] ?? []), output.alive].slice(-LOOKS);
      this.memory.alive[name] = looks;
      const dead = looks.length < LOOKS ? 0 : shareNeverAlive(looks);
      if (dead > DEAD_SHARE) {
        warnings.push({
          ...{ type: 'warning', code: 'deadUnits', layer: name, figures: { share: dead } },
          message: `${percent(dead)} of the units of ${called} gave 0 for every example of the last ${LOOKS} batches looked at: they are dead, and learn no more`,
          advice:
            'Try a smaller learning rate, another start (--init heNormal), --batch-norm before, or an activation that is never flat (--activation leakyRelu)',
        });
      }
    }
    if (output !== null && kind !== 'ReLU' && this.persists('saturated', name, output.saturated > SATURATED_SHARE)) {
      warnings.push({
        ...{ type: 'warning', code: 'saturated', layer: name, figures: { share: output.saturated } },
        message: `${percent(output.saturated)} of the outputs of ${called} are at its ends, where it is flat: hardly any gradient passes`,
        advice: 'Try a smaller start (--init xavierNormal), --batch-norm before, or --activation relu',
      });
    }
    if (weight !== null && before !== null) {
      const size = rms(before);
      const ratio = size === 0 ? 0 : rms(sampled(weight).map((w, i) => w - before[i])) / size;
      this.memory.ratio = ratio;
      if (this.persists('rateTooHigh', name, ratio > LARGE_RATIO)) {
        warnings.push({
          ...{ type: 'warning', code: 'rateTooHigh', layer: name, figures: { ratio } },
          message: `each step changes the weights of ${called} by ${percent(ratio)} of their size; about ${percent(USUAL_RATIO)} is usual`,
          advice: "Try a smaller learning rate; 'chainrule lr-find' suggests one",
        });
      }
    }
    return warnings;
  }

  /** From the last layer with weights to the first, which the gradient reaches last. */
  private ofGradients(): Warning[] {
    const layers = [...this.layers].filter(([, layer]) => layer.gradient !== null && (layer.weight?.rank ?? 0) > 1);
    const all = Math.sqrt(layers.reduce((sum, [, layer]) => sum + layer.gradient! ** 2, 0));
    const usual = median(this.memory.gradientSizes);
    const grown = this.memory.gradientSizes.length >= LOOKS && all > EXPLODED * usual;
    if (!grown) this.memory.gradientSizes = [...this.memory.gradientSizes, all].slice(-4 * LOOKS);
    const advice =
      'Try a smaller learning rate, gradient clipping (--clip-norm 1), or another start (--init heNormal, --init xavierNormal)';
    const warnings: Warning[] = [];
    if (grown) {
      warnings.push({
        ...{ type: 'warning', code: 'explodingGradient', figures: { size: all, usual }, advice },
        message: `the gradient has become ${number(all / usual)} times as large as it was: it explodes`,
      });
    }
    if (layers.length < 2) return warnings;
    const [[first, { kind, gradient }], [last, end]] = [layers[0], layers.at(-1)!];
    const ratio = end.gradient === 0 ? 1 : gradient! / end.gradient!;
    const figures = { ratio, first: gradient!, last: end.gradient! };
    const told = `the gradient of the weights of layer '${first}' (${kind}) is ${number(ratio)} times the size of that of layer '${last}'`;
    if (this.persists('vanishingGradient', first, ratio < VANISHED)) {
      warnings.push({
        ...{ type: 'warning', code: 'vanishingGradient', layer: first, figures },
        message: `${told}: it vanishes on the way, and the first layers hardly learn`,
        advice: 'Try --activation relu with --init heNormal, --batch-norm before, or fewer layers',
      });
    }
    if (this.persists('explodingGradient', first, ratio > EXPLODED)) {
      warnings.push({
        ...{ type: 'warning', code: 'explodingGradient', layer: first, figures, advice },
        message: `${told}: it explodes on the way`,
      });
    }
    return warnings;
  }

  private ofLoss({ globalStep }: StepPlace): Warning[] {
    const { steps, start, smoothed, best } = this.memory.loss;
    if (steps < 2 * START) return [];
    const figures = { loss: smoothed, start, best };
    if (this.persists('lossDiverging', '', smoothed > 1.5 * start && smoothed > 2 * best, 2)) {
      return [
        {
          ...{ type: 'warning', code: 'lossDiverging', figures },
          message: `the loss grows: it is ${number(smoothed)}, it began at ${number(start)} and had come down to ${number(best)}`,
          advice: "Try a smaller learning rate ('chainrule lr-find' suggests one), or gradient clipping (--clip-norm 1)",
        },
      ];
    }
    const isHigh = this.chance === null || smoothed > 0.9 * this.chance;
    if (steps < SHOULD_FALL_BY || smoothed < 0.98 * start || !isHigh) return [];
    const { ratio } = this.memory;
    const slow = ratio !== null && ratio < SMALL_RATIO;
    return [
      {
        ...{ type: 'warning', code: 'lossNotFalling', figures: { ...figures, ...(ratio === null ? {} : { ratio }) } },
        message: `the loss has not fallen in ${globalStep} steps: it began at ${number(start)} and is ${number(smoothed)}`,
        advice: slow
          ? "A step changes the weights by less than a millionth of their size: try a larger learning rate ('chainrule lr-find' suggests one)"
          : "Try another learning rate ('chainrule lr-find' suggests one) or another start, look at the layers ('chainrule probe'), and whether labels fit their examples",
      },
    ];
  }
}

/** The values at which an activation is flat; a ReLU's is its 0. */
const ENDS: Readonly<Record<string, readonly [low: number, high: number]>> = { ReLU: [0, 0], Sigmoid: [0, 1], Tanh: [-1, 1] };

function strideOf(size: number): number {
  return Math.max(1, Math.floor(size / SAMPLED));
}

/** Some numbers of a tensor, spread evenly over it. */
function sampled(tensor: Tensor): Float64Array {
  const values = tensor.kernels.view(tensor.storage);
  const stride = strideOf(tensor.size);
  const out = new Float64Array(Math.ceil(tensor.size / stride));
  for (let i = 0; i < out.length; i++) out[i] = values[i * stride];
  return out;
}

function rms(values: Float64Array): number {
  let squares = 0;
  for (const v of values) squares += v * v;
  return Math.sqrt(squares / Math.max(1, values.length));
}

/** A character for each unit (the second dimension): 1 where it is not 0 for some example. Most are found in the first rows. */
function aliveUnits(output: Tensor): string {
  const values = output.kernels.view(output.storage);
  const units = output.shape[output.rank - 1] ?? 0;
  const alive = new Array<string>(units).fill('0');
  let missing = units;
  for (let at = 0; at < output.size && missing > 0; at += units) {
    for (let j = 0; j < units; j++) {
      if (values[at + j] === 0 || alive[j] === '1') continue;
      alive[j] = '1';
      missing--;
    }
  }
  return alive.join('');
}

function shareNeverAlive(looks: readonly string[]): number {
  const units = looks[0].length;
  let dead = 0;
  for (let j = 0; j < units; j++) if (looks.every(look => look[j] !== '1')) dead++;
  return units === 0 ? 0 : dead / units;
}

/** The share of outputs within a hundredth of the range from either end. */
function saturatedShare(output: Tensor, [low, high]: readonly [number, number]): number {
  const values = sampled(output);
  const margin = (high - low) / 100;
  let count = 0;
  for (const v of values) if (v < low + margin || v > high - margin) count++;
  return count / Math.max(1, values.length);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)];
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${number(100 * share)} %`;
}
