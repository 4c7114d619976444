/** Auxiliary tasks: further questions about a class, each answered by a head of its own over the trunk that all share. */
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { indexSelect, oneHot } from '../ops/indexing.ts';
import { matmul } from '../ops/matmul.ts';
import { narrow } from '../ops/movement.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { accuracy, type Metric } from '../train/metrics.ts';
import type { LossFunction } from '../train/trainer.ts';
import type { DataShape } from './build.ts';
import type { TaskOptions } from './types.ts';

/** The head of the class itself; those of the tasks are called as the tasks are. */
export const MAIN_HEAD = 'class';

/** A task as it is computed. Targets stay class numbers; a task's own target is looked up from them. */
interface ClassTask {
  readonly name: string;
  readonly weight: number;
  /** How many groups there are, and the group of each class. */
  readonly size: number;
  readonly groupOf: readonly number[];
  /** The first column of the output that belongs to it. */
  readonly column: number;
}

/**
 * The tasks against the classes there are.
 *
 * @throws UserError where the targets are values, a class is in no group, or a group names a class there is none of
 */
export function classTasks(tasks: readonly TaskOptions[], { targetKind, classNames }: DataShape): ClassTask[] {
  if (tasks.length > 0 && targetKind !== 'class')
    throw new UserError('task: it asks about a class, and the targets are values; leave tasks out');
  let column = classNames.length;
  return tasks.map(({ name, groups, weight }) => {
    const unknown = groups.flat().find(c => c >= classNames.length);
    if (unknown !== undefined) throw new UserError(`task: '${name}' names class ${unknown}; there are 0 to ${classNames.length - 1}`);
    const groupOf = classNames.map((_, c) => groups.findIndex(group => group.includes(c)));
    const left = groupOf.indexOf(-1);
    if (left >= 0) {
      const called = classNames[left] === String(left) ? '' : ` (${classNames[left]})`;
      throw new UserError(`task: '${name}' leaves out class ${left}${called}; every class must be in exactly one group`);
    }
    column += groups.length;
    return { name, weight, size: groups.length, groupOf, column: column - groups.length };
  });
}

/** L = L_class + Σ w_k L_k: `main` on the class's columns, cross-entropy on those of each task. */
export function withTasks(main: LossFunction, tasks: readonly ClassTask[]): LossFunction {
  const classes = tasks[0].groupOf.length;
  return (output, y) =>
    tasks.reduce(
      (sum, task) => add(sum, mul(crossEntropy(columnsOf(task, output), groupsOf(task, y)), task.weight)),
      main(narrow(output, 1, 0, classes), y),
    );
}

/** `accuracy` of the class, and `<task>_accuracy` of each task. */
export function taskMetrics(tasks: readonly ClassTask[]): Record<string, Metric> {
  const classes = tasks[0].groupOf.length;
  const own = tasks.map((task): [string, Metric] => [
    `${task.name}_accuracy`,
    (output, y) => accuracy(columnsOf(task, output), groupsOf(task, y)),
  ]);
  return { accuracy: (output, y) => accuracy(narrow(output, 1, 0, classes), y), ...Object.fromEntries(own) };
}

function columnsOf({ column, size }: ClassTask, output: Tensor): Tensor {
  return narrow(output, 1, column, size);
}

/** Class numbers [n] -> group numbers [n]; probabilities of classes [n, classes], as mixup makes them -> of groups [n, size]. */
function groupsOf({ groupOf, size }: ClassTask, y: Tensor): Tensor {
  const table = emptyTensor([groupOf.length], y.kernels).set(groupOf);
  return y.rank === 1 ? indexSelect(table, 0, y) : matmul(y, oneHot(table, size));
}
