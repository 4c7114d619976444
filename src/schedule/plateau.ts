/** The schedule that watches a figure and goes down when that stalls. */
import { UserError } from '../errors.ts';
import { type Curve, check, type Figures } from './curve.ts';
import type { PlateauOptions } from './options.ts';

interface PlateauState {
  readonly factor: number;
  /** null before the first epoch */
  readonly best: number | null;
  readonly stalled: number;
  readonly cooling: number;
}

/** Reduces the rate where the figure has stalled for more than `patience` epochs. */
export function plateau(options: PlateauOptions): Curve {
  const { monitor = 'val_loss', mode = 'min', factor: reduction = 0.1, patience = 10, cooldown = 0, min = 0 } = options;
  const { threshold = 1e-4, thresholdMode = 'rel' } = options;
  check(mode === 'min' || mode === 'max', 'plateau', 'mode', mode, "'min' or 'max'");
  check(thresholdMode === 'rel' || thresholdMode === 'abs', 'plateau', 'thresholdMode', thresholdMode, "'rel' or 'abs'");
  check(reduction > 0 && reduction < 1, 'plateau', 'factor', reduction, 'above 0 and below 1');
  check(threshold >= 0 && threshold < Number.POSITIVE_INFINITY, 'plateau', 'threshold', threshold, 'a number of at least 0');
  check(min >= 0 && min < 1, 'plateau', 'min', min, 'at least 0 and below 1');
  for (const [name, value] of Object.entries({ patience, cooldown })) {
    check(Number.isInteger(value) && value >= 0, 'plateau', name, value, 'a whole number of at least 0');
  }
  const sign = mode === 'min' ? 1 : -1;
  /** The figure must fall below this (or rise above it) to count as better. */
  const bar = (best: number): number => (thresholdMode === 'rel' ? best * (1 - sign * threshold) : best - sign * threshold);
  let state: PlateauState = { factor: 1, best: null, stalled: 0, cooling: 0 };

  return {
    factor: () => state.factor,
    observe(_, figures: Figures) {
      const value = figures[monitor];
      if (value === undefined)
        throw new UserError(
          `schedule plateau: there is no '${monitor}' to monitor; there are ${Object.keys(figures).join(', ') || 'no figures'}`,
        );
      let { factor, best, stalled, cooling } = state;
      const better = best === null || sign * value < sign * bar(best);
      if (better) best = value;
      stalled = better ? 0 : stalled + 1;
      if (cooling > 0) {
        cooling--;
        stalled = 0;
      }
      if (stalled > patience) {
        factor = Math.max(factor * reduction, min);
        cooling = cooldown;
        stalled = 0;
      }
      state = { factor, best, stalled, cooling };
    },
    state: () => state,
    restore(saved) {
      state = { ...(saved as PlateauState) };
    },
  };
}
