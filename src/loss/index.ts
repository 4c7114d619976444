/** Losses: from a net's output and the target to one number. */
import '../ops/methods.ts';

export { type BceOptions, bceWithLogits } from './binary.ts';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.ts';
export { multiTaskLoss, splitTasks, type Task, type TaskPart } from './multi-task.ts';
export type { LossOptions, Reduction } from './reduction.ts';
export { huberLoss, l1Loss, mseLoss } from './regression.ts';
