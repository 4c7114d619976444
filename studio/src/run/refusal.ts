import { parseExperiment } from '../../../src/experiment/schema.ts';

/** Why an experiment cannot be trained, in words; null where it can. */
export function refusalOf(experiment: unknown): string | null {
  try {
    parseExperiment(experiment);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^the experiment: /, '') : String(error);
  }
}
