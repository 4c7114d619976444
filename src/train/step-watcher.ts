/** A close look at single steps of training, taken where the numbers are. */
import type { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainEvent } from './events.ts';

/** Where a step stands. Counts alone, so that a resumed run looks at the same steps. */
export interface StepPlace {
  /** 1 for the first. */
  readonly epoch: number;
  /** Steps done when this one is, in all epochs. */
  readonly globalStep: number;
  /** Batches whose gradients this step's update adds up. */
  readonly batches: number;
  readonly lastOfEpoch: boolean;
}

/** Looks into the steps it wants. Only steps that end with an update are offered. What it reads must not outlive the call: tensors die with the step. */
export interface StepWatcher {
  wants(place: StepPlace): boolean;
  /** Before the forward pass. */
  begin(model: Module): void;
  /** After each module's forward pass, inner ones first; of the last batch of the step, where its loss is first computed. */
  forward(path: string, module: Module, output: Tensor): void;
  /** The gradients are there, before any clipping; of an optimizer that computes the loss itself, those it ended with. */
  backward(): void;
  /** The parameters have been changed. Gives what there is to tell. */
  end(place: StepPlace): readonly TrainEvent[];
}

/** Whether one of the steps whose gradients an update adds up is a multiple of `every`. */
export function isDue({ globalStep, batches }: StepPlace, every: number): boolean {
  return Math.floor(globalStep / every) > Math.floor((globalStep - batches) / every);
}
