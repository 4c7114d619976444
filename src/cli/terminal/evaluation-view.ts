import { type Dataset, imageSize } from '../../data/dataset.ts';
import { formatNumber, formatPercent, grouped } from '../../figures/format.ts';
import type { Evaluation } from '../../train/evaluate.ts';
import type { Logs } from '../../train/events.ts';
import type { Output } from '../output.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { type GrayImage, imageGallery, mistakeCaption } from './image.ts';
import { lineChart, type Series } from './line-chart.ts';
import { styled, wrap } from './text.ts';
import type { LossLog } from './training-view.ts';

/** `Test: loss 0.0712, accuracy 98.11 % (189 of 10,000 wrong)`. */
export function evaluationLine(part: string, { logs, samples, confusion }: Evaluation): string {
  const figures = Object.entries(logs).map(
    ([name, value]) => `${name} ${name.endsWith('accuracy') ? formatPercent(value, 2) : formatNumber(value)}`,
  );
  const right = confusion?.reduce((sum, row, i) => sum + row[i], 0);
  const wrong = right === undefined ? `${grouped(samples)} examples` : `${grouped(samples - right)} of ${grouped(samples)} wrong`;
  return `${part}: ${figures.join(', ')} (${wrong})`;
}

/** The confusion matrix and the worst mistakes, for classes. */
export function showEvaluation(output: Output, evaluation: Evaluation, data: Dataset): void {
  const { capabilities } = output;
  if (evaluation.confusion !== null) {
    output.line();
    output.line(confusionMatrix(evaluation.confusion, { labels: data.classNames }, capabilities));
  }
  const images = mistakenImages(evaluation, data, capabilities.width);
  if (images.length === 0) return;
  output.line();
  const heading = wrap('Most mistaken (the least probability for the truth)', capabilities.width, capabilities);
  for (const line of heading) output.line(styled(line, 'bold', capabilities));
  output.line(imageGallery(images, { white: 255 }, capabilities));
}

/** Rows of pictures that are drawn, so that they do not push everything else off the screen. */
const ROWS = 2;

function mistakenImages({ mistakes }: Evaluation, data: Dataset, width: number): GrayImage[] {
  const size = imageSize(data.featureShape);
  if (size === null || mistakes.length === 0) return [];
  const perRow = Math.max(1, Math.floor((width + 2) / (size.width + 6)));
  return mistakes.slice(0, perRow * ROWS).map(({ index, truth, predicted, probability }) => ({
    pixels: data.raw(index),
    ...size,
    caption: mistakeCaption(index, data.classNames[truth], data.classNames[predicted], probability),
  }));
}

/** The loss over epochs, and of the validation part; over steps where there are fewer than three epochs. */
export function showLossCurve(output: Output, epochs: readonly Logs[], batches: LossLog): void {
  const { capabilities } = output;
  const named = (name: string, key: string): Series[] => (key in (epochs[0] ?? {}) ? [{ name, y: epochs.map(logs => logs[key]) }] : []);
  if (epochs.length >= 3) {
    output.line();
    output.line(
      lineChart(
        [...named('training', 'loss'), ...named('validation', 'val_loss')],
        { title: 'Loss', xLabel: 'epoch', height: 12 },
        capabilities,
      ),
    );
  } else if (batches.losses.length >= 3) {
    output.line();
    const series = { name: 'batch', x: batches.steps, y: batches.losses };
    output.line(lineChart([series], { title: 'Loss', xLabel: 'step', height: 12 }, capabilities));
  }
}
