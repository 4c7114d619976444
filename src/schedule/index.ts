/** Learning-rate schedules: descriptions as plain JSON, the factor they give at each time, and a scheduler that drives an optimizer by it. */
export type { Curve, Figures } from './curve.ts';
export { learningRates, makeSchedule, type Schedule, scheduleNames, type TrainingLength } from './make.ts';
export type * from './options.ts';
export { Scheduler, type SchedulerState } from './scheduler.ts';
