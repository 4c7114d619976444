/** Figures of each task of a net with several heads. */
import { checkTasks, splitTasks, type Task } from '../loss/multi-task.ts';
import { accuracy, type Metric } from './metrics.ts';

/** For `fit` and `evaluate`: `<task>_loss` of every task, and `<task>_accuracy` of those whose target is a class. */
export function multiTaskMetrics(tasks: readonly Task[]): Record<string, Metric> {
  checkTasks(tasks, 'multiTaskMetrics');
  const metrics: Record<string, Metric> = {};
  tasks.forEach((task, i) => {
    metrics[`${task.name}_loss`] = (output, target) => {
      const part = splitTasks(tasks, output, target)[i];
      return task.loss(part.output, part.target).item() * output.shape[0];
    };
    if (task.values !== undefined) return;
    metrics[`${task.name}_accuracy`] = (output, target) => {
      const part = splitTasks(tasks, output, target)[i];
      return accuracy(part.output, part.target);
    };
  });
  return metrics;
}
