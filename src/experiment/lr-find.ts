/** The range test of an experiment's own net, optimizer, loss and regularization, on its training examples. */
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Random, withRandom } from '../random.ts';
import { findLearningRate, type LrFindOptions, type LrFound } from '../train/lr-find.ts';
import { buildLoss, buildModel, buildOptimizer, buildRegularization, shapeOf } from './build.ts';
import { backendOf, type ExperimentData } from './run.ts';
import type { Experiment } from './types.ts';

/** Neither validation nor test examples are looked at. */
export async function findExperimentRate(
  experiment: Experiment,
  data: Pick<ExperimentData, 'train'>,
  options: LrFindOptions,
): Promise<LrFound> {
  const { train } = data;
  const random = new Random(experiment.seed);
  const { model, fit } = withBackend(backendOf(experiment), () => {
    const shape = shapeOf(train);
    const model = withRandom(random, () => buildModel(experiment.model, shape, experiment.tasks));
    const optimizer = buildOptimizer(experiment.optimizer, model);
    const { lineSearchFn = null } = experiment.optimizer as { lineSearchFn?: string | null };
    if (lineSearchFn !== null)
      throw new UserError(
        `lr-find: ${experiment.optimizer.name} finds the length of each step by itself; a learning rate has no say in it`,
      );
    const fit = {
      ...buildRegularization(experiment.regularization, model, train),
      ...{ train, loss: buildLoss(experiment, shape), optimizer, random },
      ...{ batchSize: experiment.training.batchSize, dropLast: experiment.training.dropLast },
    };
    return { model, fit };
  });
  return findLearningRate(model, fit, options);
}
