/** What a schedule can be, as plain JSON. Lengths and times count steps, or epochs where `by` says so. */

/** α_t = α factor. */
export interface ConstantOptions {
  readonly name: 'constant';
  /** Above 0. Default 1. */
  readonly factor?: number;
}

/**
 * α_t = α (start + (end - start) t / length), then α end. Same as PyTorch's `LinearLR`, whose defaults warm up (from 1/3 to 1 in 5 steps); here they decay,
 * as the lecture has it.
 */
export interface LinearOptions {
  readonly name: 'linear';
  /** At least 0. Default 1. */
  readonly start?: number;
  /** At least 0. Default 0. */
  readonly end?: number;
  /** Default: the whole training. */
  readonly length?: number;
}

/** α_t = α γ^⌊t / every⌋. Same as PyTorch's `StepLR`. */
export interface StepOptions {
  readonly name: 'step';
  readonly every: number;
  /** γ, above 0. Default 0.1. */
  readonly gamma?: number;
}

/** α_t = α γ^(milestones up to t). Same as PyTorch's `MultiStepLR`. */
export interface MultiStepOptions {
  readonly name: 'multiStep';
  /** Increasing, each at least 1. */
  readonly milestones: readonly number[];
  /** γ, above 0. Default 0.1. */
  readonly gamma?: number;
}

/** α_t = α γᵗ. Same as PyTorch's `ExponentialLR`. */
export interface ExponentialOptions {
  readonly name: 'exponential';
  /** γ, above 0. */
  readonly gamma: number;
}

/** α_t = α / (1 + k t): the 1/t decay. Same as Keras' `InverseTimeDecay` with `decay_steps` 1. Source: Robbins and Monro 1951. */
export interface InverseTimeOptions {
  readonly name: 'inverseTime';
  /** k, above 0. */
  readonly decay: number;
}

/** α_t = α (1 - t / length)^power, then 0. Same as PyTorch's `PolynomialLR`. */
export interface PolynomialOptions {
  readonly name: 'polynomial';
  /** Above 0. Default 1. */
  readonly power?: number;
  /** Default: the whole training. */
  readonly length?: number;
}

/**
 * α_t = α (end + (1 - end) (1 + cos(π t / length)) / 2), then α end. Same as PyTorch's `CosineAnnealingLR` up to `length`. Differs after it, where PyTorch's
 * rises again; and `end` is a share of α where PyTorch's `eta_min` is a rate. Source: Loshchilov and Hutter 2017, eq. 5.
 */
export interface CosineOptions {
  readonly name: 'cosine';
  /** From 0 to 1. Default 0. */
  readonly end?: number;
  /** Default: the whole training. */
  readonly length?: number;
}

/** α_t = α (start + (1 - start) t / length) up to `length`, then `after`, whose time begins there. Source: Goyal et al. 2017, section 2.2. */
export interface WarmupOptions {
  readonly name: 'warmup';
  readonly length: number;
  /** From 0 to 1. Default 0.01. */
  readonly start?: number;
  /** Default: constant. */
  readonly after?: ScheduleShape;
}

/**
 * From α / divide up to α in the first `warmup` of `length`, then down to α / (divide finalDivide) in the last step. Same as PyTorch's `OneCycleLR` with
 * `max_lr` = α and `cycle_momentum=False`; the momentum stays as it is. Source: Smith and Topin 2018.
 */
export interface OneCycleOptions {
  readonly name: 'oneCycle';
  /** At least 2. Default: the whole training. */
  readonly length?: number;
  /** Share of the length spent rising, above 0 and below 1. Default 0.3. */
  readonly warmup?: number;
  /** At least 1. Default 25. */
  readonly divide?: number;
  /** At least 1. Default 1e4. */
  readonly finalDivide?: number;
  /** By a half cosine or by a straight line. Default 'cos'. */
  readonly anneal?: 'cos' | 'linear';
}

/**
 * α is multiplied by `factor` each time `monitor` has not improved for more than `patience` epochs. Same as PyTorch's `ReduceLROnPlateau`, but that `min` is a
 * share of α there given as a rate, and that a change below 1e-8 is made too.
 */
export interface PlateauOptions {
  readonly name: 'plateau';
  /** The figure watched, one of the log keys of an epoch. Default 'val_loss'. */
  readonly monitor?: string;
  /** Whether small or large is good. Default 'min'. */
  readonly mode?: 'min' | 'max';
  /** Above 0 and below 1. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are borne. Default 10. */
  readonly patience?: number;
  /** The least improvement that counts. Default 1e-4. */
  readonly threshold?: number;
  /** 'rel': of the best so far; 'abs': in the figure's own unit. Default 'rel'. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted. Default 0. */
  readonly cooldown?: number;
  /** The least factor, at least 0 and below 1. Default 0. */
  readonly min?: number;
}

/** One schedule after the other: part i runs from milestone i - 1 to milestone i, its time beginning at 0. Same as PyTorch's `SequentialLR`. */
export interface SequenceOptions {
  readonly name: 'sequence';
  readonly parts: readonly ScheduleShape[];
  /** Increasing, one fewer than there are parts. */
  readonly milestones: readonly number[];
}

/** Several schedules at once, their factors multiplied. Same as PyTorch's `ChainedScheduler`. */
export interface ProductOptions {
  readonly name: 'product';
  readonly parts: readonly ScheduleShape[];
}

/** The course of a learning rate, whatever time counts. */
export type ScheduleShape =
  | ConstantOptions
  | LinearOptions
  | StepOptions
  | MultiStepOptions
  | ExponentialOptions
  | InverseTimeOptions
  | PolynomialOptions
  | CosineOptions
  | WarmupOptions
  | OneCycleOptions
  | PlateauOptions
  | SequenceOptions
  | ProductOptions;

export type ScheduleName = ScheduleShape['name'];

/** A schedule as plain JSON. `by` says what its lengths and its time count: optimizer steps (the default) or epochs. */
export type ScheduleOptions = ScheduleShape & { readonly by?: 'step' | 'epoch' };
