import { parseExperiment } from '../../../src/experiment/schema.ts';
import { inWords } from '../lib/reasons.ts';

/** Why an experiment cannot be trained, in words; null where it can. */
export function refusalOf(experiment: unknown): string | null {
  try {
    parseExperiment(experiment);
    return null;
  } catch (error) {
    return inWords(error).replace(/^the experiment: /, '');
  }
}
