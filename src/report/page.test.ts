import { expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { experimentFromFlags } from '../experiment/flags.ts';
import { letterOf } from './charts/marks.ts';
import { differences } from './differences.ts';
import { escapeHtml } from './html.ts';
import { reportPage } from './page.ts';
import { errorFigures, histogram } from './sections/residuals.ts';
import { strongest, weightColor, weightFigures } from './sections/weights.ts';
import { commandLine } from './shell.ts';
import { batch, epochEnd, evaluation, sampleRun, trainBegin, trainEnd } from './testing.ts';

const headings = (page: string): string[] =>
  [...page.matchAll(/<h([1-5])[^>]*>(.*?)<\/h\1>/g)].map(([, level, text]) => `${level} ${text.replace(/<[^>]*>/g, '')}`);

it('of one run has its parts in order, the same every time', async () => {
  const page = await reportPage([sampleRun()]);
  expect(await reportPage([sampleRun()])).toBe(page);
  expect(headings(page)).toEqual([
    ...[
      '1 runs/a on the embedded digits',
      '2 Overview',
      '2 Learning curves',
      '3 Loss',
      '3 Accuracy',
      '3 Loss of single batches logarithmic',
      '3 Learning rate',
    ],
    ...[
      '2 Results',
      '3 Test',
      '4 By class',
      '4 Confusion matrix',
      '4 Most mistaken',
      '2 Weights',
      '3 Trained weights',
      '4 First layer',
      '4 Layers',
    ],
    ...['2 How it was made', '3 Experiment', '3 To repeat it', '3 Where and when', '3 Time'],
  ]);
  expect(page).toContain('<dt>test accuracy</dt><dd>80.00 %</dd>');
  expect(page).toContain('chainrule train --config runs/a/experiment.json');
  expect(page).toContain(escapeHtml("chainrule train digits --out 'it'\\''s'"));
  expect(page).toContain('alt="Test example 3: true dog, said cat" src="data:image/png;base64,');
  expect(page).toContain('Least validation loss (ringed): 0.6667 in epoch 3.');
  expect(page).toMatch(/<th scope="row" class="word">optimizer\.lr<\/th><td class="word">0\.01<\/td><td class="word">0\.001<\/td>/);
  // every chart has its table, and nothing comes from elsewhere
  expect(page.match(/<figure class="chart">/g)!.length).toBe(page.match(/<summary>[^<]*: table<\/summary>/g)!.length - 2);
  expect(page.match(/(?:src|href)="(?!data:|#)/g)).toBeNull();
  expect(page).not.toMatch(/ style="/);
});

it('escapes names from outside, wherever they stand', async () => {
  const bad = '<script>alert(1)</script>"\'&\u202e';
  const run = sampleRun(`runs/${bad}`);
  const page = await reportPage(
    [
      {
        ...run,
        info: { ...run.info, classNames: [bad, bad, bad], provenance: bad },
        record: { outcome: 'failed', message: bad, command: [bad], engine: bad },
      },
      sampleRun('runs/b', { weights: { problem: bad } }, [trainBegin(), epochEnd(1, { [bad]: 1 }), { type: 'warning', message: bad }]),
    ],
    { title: bad },
  );
  expect(page.match(/<script/g)!.length).toBe(1);
  expect(page).not.toContain('alert(1)</script>"');
  expect(page).not.toContain('\u202e');
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\ufffd');
});

it('of several runs draws them over each other, with letters, boxes to tick, and what differs', async () => {
  const other = experimentFromFlags({ flags: { '--lr': '0.5' }, config: { data: { name: 'digits' } } });
  const page = await reportPage([sampleRun('a'), sampleRun('b', { experiment: other })]);
  expect(headings(page).filter(text => text.startsWith('2'))).toEqual(['2 Overview', '2 Learning curves', '2 A a', '2 B b']);
  expect(page.match(/type="checkbox"/g)!.length).toBe(2);
  expect(page).toMatch(/<th scope="col" class="word">lr<\/th>/);
  expect(page).not.toContain('of different data');
  const mixed = await reportPage([sampleRun('a'), sampleRun('b', { info: { ...sampleRun().info, provenance: 'elsewhere' } })]);
  expect(mixed).toContain('The runs are of different data');
});

it('says how runs ended that did not end well, and why there is no test', async () => {
  const of = (events: object[], changes = {}): Promise<string> => reportPage([sampleRun('runs/a', changes, events)]);
  const interrupted = await of([trainBegin(), batch(1), batch(2), epochEnd(1), trainEnd('interrupted')]);
  expect(interrupted).toContain('Interrupted after 1 of 3 epochs. To go on: chainrule train --resume runs/a');
  expect(interrupted).toContain('It has not, so there are no figures of the test part.');
  const failed = await of([trainBegin(), batch(1)], { record: { outcome: 'failed', message: 'the loss became NaN' } });
  expect(failed).toContain('Failed after 0 of 3 epochs. the loss became NaN');
  expect(failed).toContain('No epoch has ended.');
  expect(await of([trainBegin(), epochEnd(1)])).toContain('Not ended: 1 of 3 epochs so far.');
  const one = await of([trainBegin(), epochEnd(1, { loss: 1 }), { ...trainEnd(), epoch: 1 }, evaluation({ loss: 1 })]);
  expect(one).toContain('Least training loss (ringed): 1 in epoch 1.');
  await expect(reportPage([])).rejects.toThrow(new UserError('report: no run was given; give at least one'));
  await expect(reportPage(new Array(27).fill(sampleRun()))).rejects.toThrow('27 runs were given; one report holds at most 26');
});

it('of values shows errors in place of classes', async () => {
  const pairs = [
    [1, 2],
    [2, 2],
    [3, 1],
  ];
  const page = await reportPage([
    sampleRun('runs/v', { info: { ...sampleRun().info, targetKind: 'value', classNames: [] } }, [
      trainBegin(),
      epochEnd(1, { loss: 2 }),
      trainEnd(),
      evaluation({ loss: 2 }, { samples: 3, pairs }),
    ]),
  ]);
  expect(headings(page)).toContain('5 Predicted against true');
  expect(page).not.toContain('Confusion matrix');
  // by hand: errors 1, 0, -2; Σ e² = 5, Σ (y - 2)² = 2
  const figures = errorFigures(pairs as [number, number][]);
  expect(figures.rmse).toBeCloseTo(Math.sqrt(5 / 3), 12);
  expect(figures.mae).toBe(1);
  expect(figures.r2).toBeCloseTo(-1.5, 12);
  expect(figures.bias).toBeCloseTo(-1 / 3, 12);
  expect(errorFigures([[1, 2]]).r2).toBeNaN();
});

it('measures weights', () => {
  const layer = { name: 'w', shape: [3, 2], values: [1, 0, 3, 4, 0, -1] };
  expect(strongest(layer, 2)).toEqual([1, 0]);
  expect(weightFigures([3, -4, 0, 1])).toEqual({
    count: 4,
    mean: 0,
    sd: Math.sqrt(26 / 4),
    min: -4,
    max: 3,
    norm: Math.sqrt(26),
    zeros: 0.25,
  });
  expect([weightColor(0), weightColor(-1), weightColor(1)]).toEqual([
    [255, 255, 255],
    [20, 80, 160],
    [190, 80, 0],
  ]);
  expect(histogram([0, 1, 1, 4], 4).map(bin => bin.count)).toEqual([1, 2, 0, 1]);
  expect(
    histogram(new Float32Array(300_000).map((_, i) => i % 7) as never as number[], 7)
      .map(bin => bin.count)
      .reduce((a, b) => a + b),
  ).toBe(300_000);
});

it('tells what differs from what the command takes by itself', () => {
  const of = (flags: Record<string, string | true>) =>
    differences(experimentFromFlags({ flags, config: { data: { name: 'mnist', folder: '/x' } } }));
  expect(of({})).toEqual([]);
  expect(of({ '--optimizer': 'sgd', '--momentum': '0.9', '--hidden': '9', '--schedule': 'constant', '--seed': '4' })).toEqual([
    { path: 'seed', value: '4', fallback: '1' },
    { path: 'model.hidden', value: '9', fallback: '512, 256' },
    { path: 'optimizer.name', value: 'sgd', fallback: 'adam' },
    { path: 'optimizer.momentum', value: '0.9', fallback: '0' },
    { path: 'schedule', value: 'constant', fallback: 'cosine' },
  ]);
  expect(of({ '--early-stopping': true, '--patience': '2' })[0].path).toBe('training.earlyStopping');
});

it('names runs and writes commands', () => {
  expect([0, 25, 26, 27, 701, 702].map(letterOf)).toEqual(['A', 'Z', 'AA', 'AB', 'ZZ', 'AAA']);
  expect(commandLine(['chainrule', 'a b', "it's", '--lr=1'])).toBe("chainrule 'a b' 'it'\\''s' --lr=1");
});
