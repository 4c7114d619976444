import { formatNumber, formatPercent } from '../../figures/format.ts';
import type { Output } from '../output.ts';
import { type Prediction, top } from '../predict/predictions.ts';
import { drawImage, type GrayImage } from './image.ts';
import { drawBar } from './progress.ts';
import { table } from './table.ts';
import { displayWidth, padEnd, printable, styled, truncate } from './text.ts';

/** So many of the most probable classes are told. */
const TOP = 3;
const BAR = 16;

/** The picture with the most probable classes beside it; under it where the terminal is narrow. */
export function showPrediction(output: Output, prediction: Prediction, image: GrayImage): void {
  const { capabilities } = output;
  const picture = drawImage(image, { white: 255 }, capabilities);
  const answers = top(prediction, TOP);
  const nameWidth = Math.max(...answers.map(([name]) => displayWidth(printable(name, capabilities))));
  const lines = [
    styled(truncate(printable(placeOf(prediction), capabilities), capabilities.width, capabilities), 'dim', capabilities),
    ...answers.map(
      ([name, probability]) =>
        `${padEnd(printable(name, capabilities), nameWidth)}  ${drawBar(probability, BAR, capabilities)} ${formatPercent(probability)}`,
    ),
  ];
  const pictureWidth = Math.max(...picture.map(displayWidth));
  const beside = pictureWidth + 3 + Math.max(...lines.map(displayWidth)) <= capabilities.width;
  if (!beside) {
    for (const line of [...picture, ...lines]) output.line(line);
  } else {
    const offset = Math.max(0, Math.floor((picture.length - lines.length) / 2));
    picture.forEach((row, i) => {
      output.line(`${padEnd(row, pictureWidth)}   ${lines[i - offset] ?? ''}`.trimEnd());
    });
  }
  output.line();
}

/** One line an example. */
export function showTable(output: Output, predictions: readonly Prediction[], isPictures: boolean): void {
  const { capabilities } = output;
  const first = isPictures ? 'image' : 'row';
  const where = (one: Prediction): string => placeOf(one);
  if (predictions[0]?.class === undefined) {
    const rows = predictions.map(one => [where(one), valueText(one)]);
    output.line(table([first, { header: 'value', align: 'right' }], rows, capabilities));
    return;
  }
  const rows = predictions.map(one => {
    const [best, ...others] = top(one, TOP);
    return [where(one), best[0], formatPercent(best[1]), others.map(([name, p]) => `${name} ${formatPercent(p)}`).join(', ')];
  });
  output.line(table([first, 'class', { header: 'probability', align: 'right' }, 'then'], rows, capabilities));
}

/** `my7.png`, or `t10k-images #3` for one of many. */
function placeOf({ file, index }: Prediction): string {
  return /\.png$/i.test(file) ? file : `${file} #${index}`;
}

function valueText({ value }: Prediction): string {
  return typeof value === 'number' ? formatNumber(value) : (value ?? []).map(one => formatNumber(one)).join(', ');
}
