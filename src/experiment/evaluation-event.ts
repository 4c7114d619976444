/** A finished model's figures as a line of a run's events: all that a report needs, without the data set. */
import { type Dataset, imageSize } from '../data/dataset.ts';
import type { Evaluation, Mistake } from '../train/evaluate.ts';

export interface EvaluationEvent extends Omit<Evaluation, 'mistakes'> {
  readonly type: 'evaluation';
  readonly part: 'train' | 'validation' | 'test';
  readonly mistakes: readonly StoredMistake[];
}

/** A mistake with its picture, where examples are grey pictures: bytes row by row, in base64. */
export interface StoredMistake extends Mistake {
  readonly pixels?: string;
}

/** The event of an evaluation on `data`. */
export function evaluationEvent(part: EvaluationEvent['part'], evaluation: Evaluation, data: Dataset): EvaluationEvent {
  const isPicture = imageSize(data.featureShape) !== null;
  const mistakes = evaluation.mistakes.map((mistake): StoredMistake => {
    const pixels = isPicture ? data.raw(mistake.index) : null;
    return pixels instanceof Uint8Array ? { ...mistake, pixels: btoa(String.fromCharCode(...pixels)) } : mistake;
  });
  return { type: 'evaluation', part, ...evaluation, mistakes };
}
