/** Several trained nets of one experiment as one model, measured beside them. */
import { Ensemble } from '../nn/ensemble.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { type Evaluation, evaluate } from '../train/evaluate.ts';
import { buildMeasures, type DataShape, shapeOf } from './build.ts';
import { type ExperimentData, restoreModel } from './run.ts';
import { type Spread, spreadOf } from './statistics.ts';
import type { Experiment } from './types.ts';

/** One figure of the members, and of the average. */
export interface EnsembleFigure {
  readonly members: Spread;
  readonly ensemble: number;
  /** How much better the average is than the mean member: higher for accuracy, lower for loss. */
  readonly gain: number;
}

/** Figures of a model on the parts of the data; null where there is no such part. */
export interface Measured {
  readonly validation: Evaluation | null;
  readonly test: Evaluation | null;
}

/** The average, and what it gains. */
export interface AverageMeasured extends Measured {
  /** By part and name of the figure: `gains.test.accuracy`. */
  readonly gains: Readonly<Record<'validation' | 'test', Readonly<Record<string, EnsembleFigure>>>>;
}

/** The nets of these weights, averaged: classes by probability, each head's apart; values by output. In inference mode. */
export function averageOf(experiment: Experiment, shape: DataShape, weights: readonly Checkpoint['model'][]): Ensemble {
  const nets = weights.map(one => restoreModel(experiment, shape, one).model);
  if (shape.targetKind !== 'class') return new Ensemble(nets, { average: 'output' }).eval();
  return new Ensemble(nets, { sizes: [shape.classNames.length, ...experiment.tasks.map(task => task.groups.length)] }).eval();
}

/** Measures the average on the validation and the test part, beside what its members came to there. */
export async function measureAverage(
  model: Ensemble,
  experiment: Experiment,
  data: ExperimentData,
  members: readonly Measured[],
): Promise<AverageMeasured> {
  const measures = buildMeasures(experiment, shapeOf(data.train));
  const measure = async (part: ExperimentData['test']): Promise<Evaluation | null> =>
    part === null ? null : evaluate(model, part, { ...measures, mistakes: 12 });
  const validation = await measure(data.validation);
  const test = await measure(data.test);
  const gains = {
    validation: gainsOf(
      validation,
      members.map(member => member.validation),
    ),
    test: gainsOf(
      test,
      members.map(member => member.test),
    ),
  };
  return { validation, test, gains };
}

function gainsOf(together: Evaluation | null, each: readonly (Evaluation | null)[]): Record<string, EnsembleFigure> {
  if (together === null) return {};
  const members = each.filter(one => one !== null);
  return Object.fromEntries(
    Object.entries(together.logs).map(([name, ensemble]) => {
      const spread = spreadOf(members.map(one => one.logs[name]))!;
      const gain = name.includes('accuracy') ? ensemble - spread.mean : spread.mean - ensemble;
      return [name, { members: spread, ensemble, gain }];
    }),
  );
}
