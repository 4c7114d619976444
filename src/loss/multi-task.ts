/** One loss of several tasks, for a net whose outputs stand side by side. */
import { UserError } from '../errors.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { narrow, reshape } from '../ops/movement.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One question that a net answers. */
export interface Task {
  readonly name: string;
  /** Columns of the output that belong to it: the classes of a classification. */
  readonly size: number;
  readonly loss: (output: Tensor, target: Tensor) => Tensor;
  /** wᵢ of L = Σ wᵢ Lᵢ, at least 0. Default 1. */
  readonly weight?: number;
  /** Columns of the target that belong to it, for targets that are values. Default: one, a class number, which the loss gets as [n]. */
  readonly values?: number;
}

/** A task's own columns of output and target. */
export interface TaskPart {
  readonly task: Task;
  /** [n, size] */
  readonly output: Tensor;
  /** [n], or [n, values] */
  readonly target: Tensor;
}

/** Parts output [n, Σ size] and target [n, Σ values] by tasks, in their order. */
export function splitTasks(tasks: readonly Task[], output: Tensor, target: Tensor): TaskPart[] {
  const outputs = tasks.reduce((sum, task) => sum + task.size, 0);
  const targets = tasks.reduce((sum, task) => sum + (task.values ?? 1), 0);
  if (output.rank !== 2 || target.rank !== 2 || output.shape[1] !== outputs || target.shape[1] !== targets) {
    throw new UserError(
      `the tasks ${tasks.map(task => task.name).join(', ')} need an output [n, ${outputs}] and a target [n, ${targets}]; the output is ${formatShape(output.shape)} and the target ${formatShape(target.shape)}`,
    );
  }
  let column = 0;
  let at = 0;
  return tasks.map(task => {
    const width = task.values ?? 1;
    const own = narrow(target, 1, at, width);
    const part = {
      task,
      output: narrow(output, 1, column, task.size),
      target: task.values === undefined ? reshape(own, [target.shape[0]]) : own,
    };
    column += task.size;
    at += width;
    return part;
  });
}

/** Refuses tasks that cannot be. */
export function checkTasks(tasks: readonly Task[], who: string): void {
  if (tasks.length === 0) throw new UserError(`${who}: there are no tasks; give at least one`);
  const whole = (what: string, value: number): void => {
    if (!(Number.isInteger(value) && value >= 1))
      throw new UserError(`${who}: ${what} is ${value}; it must be a whole number of at least 1`);
  };
  const names = new Set<string>();
  for (const { name, size, weight = 1, values = 1 } of tasks) {
    if (names.has(name)) throw new UserError(`${who}: there are two tasks called '${name}'; each needs a name of its own`);
    names.add(name);
    whole(`size of '${name}'`, size);
    whole(`values of '${name}'`, values);
    if (!(weight >= 0 && weight < Infinity)) throw new UserError(`${who}: weight of '${name}' is ${weight}; it must be at least 0`);
  }
  if (tasks.every(task => task.weight === 0)) throw new UserError(`${who}: every weight is 0; at least one must be above 0`);
}

/**
 * L = Σᵢ wᵢ Lᵢ(output columns of task i, target columns of task i)       output [n, Σ sizeᵢ], target [n, Σ valuesᵢ]
 *
 *     const loss = multiTaskLoss([
 *       { name: 'digit', size: 10, loss: crossEntropy },
 *       { name: 'even', size: 2, loss: crossEntropy, weight: 0.5 },
 *     ]);
 */
export function multiTaskLoss(tasks: readonly Task[]): (output: Tensor, target: Tensor) => Tensor {
  checkTasks(tasks, 'multiTaskLoss');
  return (output, target) =>
    splitTasks(tasks, output, target)
      .filter(({ task }) => task.weight !== 0)
      .map(({ task, output, target }) => mul(task.loss(output, target), task.weight ?? 1))
      .reduce((sum, term) => add(sum, term));
}
