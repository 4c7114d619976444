/** The schedules that are functions of time alone. The equations stand in options.ts. */
import { cos, pow } from '../math.ts';
import { type Curve, check, checkAbove0, checkMilestones, checkShare, curve, lengthOf } from './curve.ts';
import type {
  ConstantOptions,
  CosineOptions,
  ExponentialOptions,
  InverseTimeOptions,
  LinearOptions,
  MultiStepOptions,
  OneCycleOptions,
  PolynomialOptions,
  StepOptions,
} from './options.ts';

/** The length of the training, where it is known. */
type Total = number | undefined;

export function constant({ factor = 1 }: ConstantOptions): Curve {
  checkAbove0('constant', 'factor', factor);
  return curve(() => factor);
}

export function linear({ start = 1, end = 0, length: given }: LinearOptions, total: Total): Curve {
  const length = lengthOf('linear', given, total);
  for (const [name, value] of Object.entries({ start, end })) {
    check(value >= 0 && value < Number.POSITIVE_INFINITY, 'linear', name, value, 'a number of at least 0');
  }
  return curve(t => start + (end - start) * Math.min(1, t / length));
}

export function stepped({ every, gamma = 0.1 }: StepOptions): Curve {
  check(Number.isInteger(every) && every >= 1, 'step', 'every', every, 'a whole number of at least 1');
  checkAbove0('step', 'gamma', gamma);
  return curve(t => pow(gamma, Math.floor(t / every)));
}

export function multiStep({ milestones, gamma = 0.1 }: MultiStepOptions): Curve {
  check(milestones.length > 0, 'multiStep', 'milestones', '[]', 'a list of at least one');
  checkMilestones('multiStep', milestones);
  checkAbove0('multiStep', 'gamma', gamma);
  return curve(t => pow(gamma, milestones.filter(milestone => milestone <= t).length));
}

export function exponential({ gamma }: ExponentialOptions): Curve {
  checkAbove0('exponential', 'gamma', gamma);
  return curve(t => pow(gamma, t));
}

export function inverseTime({ decay }: InverseTimeOptions): Curve {
  checkAbove0('inverseTime', 'decay', decay);
  return curve(t => 1 / (1 + decay * t));
}

export function polynomial({ power = 1, length: given }: PolynomialOptions, total: Total): Curve {
  const length = lengthOf('polynomial', given, total);
  checkAbove0('polynomial', 'power', power);
  return curve(t => (t < length ? pow(1 - t / length, power) : 0));
}

export function cosine({ end = 0, length: given }: CosineOptions, total: Total): Curve {
  const length = lengthOf('cosine', given, total);
  checkShare('cosine', 'end', end);
  return curve(t => between(1, end, Math.min(1, t / length), 'cos'));
}

export function oneCycle(options: OneCycleOptions, total: Total): Curve {
  const { length: given, warmup = 0.3, divide = 25, finalDivide = 1e4, anneal = 'cos' } = options;
  const length = lengthOf('oneCycle', given, total, 2);
  check(warmup > 0 && warmup < 1, 'oneCycle', 'warmup', warmup, 'above 0 and below 1');
  for (const [name, value] of Object.entries({ divide, finalDivide })) {
    check(value >= 1 && value < Number.POSITIVE_INFINITY, 'oneCycle', name, value, 'a number of at least 1');
  }
  check(anneal === 'cos' || anneal === 'linear', 'oneCycle', 'anneal', anneal, "'cos' or 'linear'");
  const peak = warmup * length - 1;
  const last = length - 1;
  const start = 1 / divide;
  const end = start / finalDivide;
  return curve(t => {
    if (t <= peak) return between(start, 1, peak > 0 ? t / peak : 1, anneal);
    return between(1, end, Math.min(1, (t - peak) / (last - peak)), anneal);
  });
}

/** From a to b, as `share` goes from 0 to 1: in a straight line, or by a half cosine. */
function between(a: number, b: number, share: number, anneal: 'cos' | 'linear'): number {
  return anneal === 'cos' ? b + ((a - b) / 2) * (1 + cos(Math.PI * share)) : a + (b - a) * share;
}
