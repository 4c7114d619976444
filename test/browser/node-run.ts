import type { TestProject } from 'vitest/node';
import { experimentRun, type SmallRun, smallRun } from './small-run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly nodeRun: SmallRun;
    readonly nodeExperiment: SmallRun;
  }
}

/** Runs in Node before the browser's tests: what they compare with is computed here and now, not stored. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('nodeRun', smallRun());
  project.provide('nodeExperiment', await experimentRun());
}
