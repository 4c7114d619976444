/** Schedules made of schedules: one after the other, several at once, and a warm-up before another. */
import { type Curve, check, checkMilestones, checkShare, lengthOf } from './curve.ts';
import type { ProductOptions, ScheduleShape, SequenceOptions, WarmupOptions } from './options.ts';

/** Makes the curve of a part, whose own training is `total` long, where that is known. */
type Make = (shape: ScheduleShape, total: number | undefined) => Curve;

/** One after the other, each with its time beginning at 0. Only the one that is running observes. */
function oneByOne(parts: readonly Curve[], starts: readonly number[]): Curve {
  const at = (t: number): number => {
    let i = 0;
    while (i + 1 < parts.length && starts[i + 1] <= t) i++;
    return i;
  };
  return {
    factor: t => parts[at(t)].factor(t - starts[at(t)]),
    observe(t, figures) {
      parts[at(t)].observe?.(t - starts[at(t)], figures);
    },
    ...stateOf(parts),
  };
}

export function sequence({ parts, milestones }: SequenceOptions, total: number | undefined, make: Make): Curve {
  check(parts.length > 0, 'sequence', 'parts', '[]', 'a list of at least one');
  const count = parts.length - 1;
  check(milestones.length === count, 'sequence', 'milestones', `[${milestones}]`, `a list of ${count}: one fewer than there are parts`);
  checkMilestones('sequence', milestones);
  const starts = [0, ...milestones];
  const left = (i: number): number | undefined => {
    const end = milestones[i] ?? total;
    return end === undefined ? undefined : end - starts[i];
  };
  return oneByOne(
    parts.map((part, i) => make(part, left(i))),
    starts,
  );
}

export function warmup(options: WarmupOptions, total: number | undefined, make: Make): Curve {
  const { length, start = 0.01, after = { name: 'constant' } } = options;
  lengthOf('warmup', length, undefined);
  checkShare('warmup', 'start', start);
  check(total === undefined || length < total, 'warmup', 'length', length, `less than the whole training, ${total}`);
  const rise: Curve = { factor: t => start + (1 - start) * (t / length) };
  return oneByOne([rise, make(after, total === undefined ? undefined : total - length)], [0, length]);
}

export function product({ parts }: ProductOptions, total: number | undefined, make: Make): Curve {
  check(parts.length > 0, 'product', 'parts', '[]', 'a list of at least one');
  const curves = parts.map(part => make(part, total));
  return {
    factor: t => curves.reduce((factor, curve) => factor * curve.factor(t), 1),
    observe(t, figures) {
      for (const curve of curves) curve.observe?.(t, figures);
    },
    ...stateOf(curves),
  };
}

function stateOf(parts: readonly Curve[]): Required<Pick<Curve, 'state' | 'restore'>> {
  return {
    state: () => parts.map(part => part.state?.() ?? null),
    restore(saved) {
      parts.forEach((part, i) => {
        part.restore?.((saved as unknown[])[i]);
      });
    },
  };
}
