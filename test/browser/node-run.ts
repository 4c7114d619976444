import type { TestProject } from 'vitest/node';
import { type SmallRun, smallRun } from './small-run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly nodeRun: SmallRun;
  }
}

/** Runs in Node before the browser's tests: what they compare with is computed here and now, not stored. */
export default function setup(project: TestProject): void {
  project.provide('nodeRun', smallRun());
}
