import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawBar, type EpochProgress, epochLine, progressDisplay, progressLine, secondsLeft } from './progress.ts';
import { ASCII, allModes, COLOR, expectDrawable, PLAIN } from './test-modes.ts';
import { displayWidth } from './text.ts';

const progress: EpochProgress = {
  epoch: 3,
  epochs: 10,
  samples: 38_400,
  totalSamples: 60_000,
  metrics: { loss: 0.123456, accuracy: 0.96123 },
  elapsed: 4,
};
const summary = {
  epoch: 3,
  epochs: 10,
  samples: 60_000,
  elapsed: 5,
  totalElapsed: 5.25,
  metrics: { loss: 0.1234, accuracy: 0.9612, val_loss: 0.1402, val_accuracy: 0.9588 },
};

function collector(columns?: number): { text: string; columns: number | undefined; write(text: string): void } {
  return {
    text: '',
    columns,
    write(text: string) {
      this.text += text;
    },
  };
}

test('the line of a running epoch at several widths', () => {
  const lines = [120, 90, 80, 70, 60, 40, 30, 20].map(width => progressLine(progress, { ...PLAIN, width }));
  expect(`\n${lines.join('\n')}`).toMatchInlineSnapshot(`
    "
    epoch  3/10 ━━━━━━━━━━━━━━━━━━━───────────  64 %  loss 0.1235  accuracy 96.12 %  9.60k samples/s  46s left
    epoch  3/10 ━━━━━━━━─────  64 %  loss 0.1235  accuracy 96.12 %  9.60k samples/s  46s left
    epoch  3/10 ━━━━━━──── loss 0.1235  accuracy 96.12 %  9.60k samples/s  46s left
    epoch  3/10 ━━━━━━━━━━━━━━───────── loss 0.1235  acc 96.1 %  46s left
    epoch  3/10 ━━━━━━━━───── loss 0.1235  acc 96.1 %  46s left
    epoch  3/10 ━━━━━━━━━────── loss 0.1235
    epoch  3/10   64 %  loss 0.1…
    epoch  3/10   64 %…"
  `);
  expect(progressLine(progress, ASCII)).toMatchInlineSnapshot(
    `"epoch  3/10 [#####---] loss 0.1235  accuracy 96.12 %  9.60k samples/s  46s left"`,
  );
});

test('time left counts the epochs to come', () => {
  expect(secondsLeft(progress)).toBe((21_600 + 7 * 60_000) / 9600);
  expect(progressLine({ ...progress, samples: 0, elapsed: 0 }, PLAIN)).not.toMatch(/left|NaN/);
});

test('a line never fills the last column, in any mode', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 150 }),
      fc.nat(60_000),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (width, samples, elapsed) => {
        for (const mode of allModes(width)) {
          const line = progressLine({ ...progress, samples, elapsed }, mode);
          expectDrawable(line, mode);
          expect(displayWidth(line)).toBeLessThan(width);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the bar is as full as the fraction', () => {
  expect(drawBar(0.5, 10, PLAIN)).toBe('━━━━━─────');
  expect(drawBar(0.5, 10, ASCII)).toBe('[####----]');
  expect(drawBar(1, 10, ASCII)).toBe('[########]');
});

test('the line of an epoch that is over is short on a terminal and whole in a log', () => {
  expect(epochLine(summary, PLAIN)).toBe('epoch  3/10  loss 0.1234  acc 96.1 %  val_loss 0.1402  val_acc 95.9 %  5.3s');
  expect(epochLine({ ...summary, note: 'best so far' }, { ...PLAIN, isTerminal: false })).toBe(
    'epoch  3/10  loss 0.1234  accuracy 96.12 %  val_loss 0.1402  val_accuracy 95.88 %  12.0k samples/s  5.3s  best so far',
  );
});

test('without a terminal: a line every few seconds inside an epoch, and one at its end', () => {
  const stream = collector();
  const display = progressDisplay(stream, { ...ASCII, isTerminal: false }, { secondsBetweenLines: 5 });
  for (let second = 0; second <= 12; second++) display.update({ ...progress, samples: second * 5000, elapsed: second });
  display.endEpoch({ ...summary, elapsed: 12, totalElapsed: 13 });
  display.stop();
  expect(`\n${stream.text}`).toMatchInlineSnapshot(`
    "
    epoch  3/10  41 %  loss 0.1235  accuracy 96.12 %  5.00k samples/s  1m 31s left
    epoch  3/10  83 %  loss 0.1235  accuracy 96.12 %  5.00k samples/s  1m 26s left
    epoch  3/10  loss 0.1234  accuracy 96.12 %  val_loss 0.1402  val_accuracy 95.88 %  5.00k samples/s  13s
    "
  `);
});

test('on a terminal the bar is replaced by the line of its epoch, and the terminal is left as it was', () => {
  const stream = collector(60);
  const display = progressDisplay(stream, COLOR);
  display.update({ ...progress, samples: 0, elapsed: 0 });
  display.update(progress);
  display.message('a message');
  display.update(progress);
  display.endEpoch(summary);
  display.stop();
  display.stop();
  expect(stream.text).toContain('a message\n');
  expect(stream.text.endsWith(`${epochLine(summary, COLOR)}\n`)).toBe(true);
  // Neither the cursor hidden nor wrapping switched off, at any moment.
  expect(stream.text).not.toContain('\u001b[?');
});
