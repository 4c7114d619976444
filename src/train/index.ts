/** Training: fit, evaluate, predict, callbacks and checkpoints. */
import '../ops/methods.ts';

export { WeightAverage, type WeightAverageOptions, type WeightAverageState } from './averaging.ts';
export type { Callback, Mode } from './callbacks/callback.ts';
export { EarlyStopping, type EarlyStoppingConfig } from './callbacks/early-stopping.ts';
export { ModelCheckpoint, type ModelCheckpointConfig } from './callbacks/model-checkpoint.ts';
export { SnapshotEnsemble, type SnapshotEnsembleConfig, snapshotSchedule } from './callbacks/snapshot-ensemble.ts';
export { WeightAveraging, type WeightAveragingConfig } from './callbacks/weight-averaging.ts';
export type { Checkpoint, CheckpointState, CheckpointStore } from './checkpoint.ts';
export type { DiagnosisOptions } from './diagnosis.ts';
export { type EvaluateOptions, type Evaluation, evaluate, type Mistake, predict, predictProbabilities } from './evaluate.ts';
export type {
  Histogram,
  LayerStatistics,
  Logs,
  OpTime,
  PhaseTime,
  Profile,
  Statistics,
  StopReason,
  Summary,
  TrainEvent,
  TrainListener,
  Warning,
  WarningCode,
} from './events.ts';
export type { FitOptions, History, LossFunction, SchedulerLike } from './fit-options.ts';
export { findLearningRate, type LrFindOptions, type LrFound, type LrPoint } from './lr-find.ts';
export { accuracy, type Metric } from './metrics.ts';
export { type BatchMixer, type MixupOptions, mixup } from './mixup.ts';
export { multiTaskMetrics } from './multi-task-metrics.ts';
export { NotFiniteError } from './nan-doctor.ts';
export { type StatisticsOptions, summaryOf } from './statistics.ts';
export { fit, Trainer } from './trainer.ts';
