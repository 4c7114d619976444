/** What the page says first: the result, and of several runs which did what. */
import { formatDuration, grouped } from '../../figures/format.ts';
import { letterOf, lineSample } from '../charts/marks.ts';
import { settingsOf } from '../differences.ts';
import { bestEpoch, figureText, headline, outcomeOf, trainingSeconds } from '../figures-of.ts';
import { type Content, type Html, html } from '../html.ts';
import type { ReportRun } from '../run-data.ts';
import { dataTable } from '../table.ts';

/** The heading of the page, and its title. */
export function titleOf(runs: readonly ReportRun[]): string {
  const names = [...new Set(runs.map(run => dataName(run)))];
  return runs.length === 1 ? `${runs[0].name} on ${names[0]}` : `${runs.length} runs on ${names.join(', ')}`;
}

const DATA_NAMES: Readonly<Record<string, string>> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  digits: 'the embedded digits',
  points: 'points in the plane',
};

function dataName({ experiment: { data } }: ReportRun): string {
  return 'file' in data ? (data.file.split(/[\\/]/).pop() ?? data.file) : (DATA_NAMES[data.name] ?? data.name);
}

export function overview(runs: readonly ReportRun[]): Html {
  return html`<section id="overview" aria-labelledby="overview-title"><h2 id="overview-title">Overview</h2>
${runs.length === 1 ? tiles(runs[0]) : comparison(runs)}
${notices(runs)}</section>`;
}

function tiles(run: ReportRun): Html {
  const { course } = run;
  const best = bestEpoch(run);
  const first = headline(run);
  const shown: (readonly [name: string, value: Content])[] = [];
  if (first !== null) shown.push([`${first.part} ${first.name}`, first.value]);
  if (course.test !== null && first?.name !== 'loss') shown.push(['test loss', figureText('loss', course.test.logs.loss)]);
  if (best !== null && best.key === 'val_loss')
    shown.push([`least validation loss, epoch ${best.epoch.epoch}`, figureText('loss', best.epoch.logs.val_loss)]);
  shown.push(
    ['parameters', grouped(course.sittings[0].parameters)],
    ['training time', formatDuration(trainingSeconds(run))],
    ['outcome', outcomeOf(run).text],
  );
  return html`<dl class="tiles">${shown.map(([name, value], i) => html`<div${i === 0 ? html` class="first"` : ''}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Settings in which the runs differ, by path: first those that all of them have. */
export function variedSettings(runs: readonly ReportRun[]): string[] {
  const all = runs.map(run => new Map(settingsOf(run.experiment)));
  const paths = [...new Set(all.flatMap(settings => [...settings.keys()]))];
  const varied = paths.filter(path => new Set(all.map(settings => settings.get(path))).size > 1);
  const common = varied.filter(path => all.every(settings => settings.has(path)));
  return [...common, ...varied.filter(path => !common.includes(path))];
}

/** So many settings are compared in the table; with more, each run's own section has them. */
const MOST_SETTINGS = 6;

function comparison(runs: readonly ReportRun[]): Html {
  const varied = variedSettings(runs);
  const shown = varied.slice(0, MOST_SETTINGS);
  const isClass = runs.some(run => run.info.targetKind === 'class');
  const rows = runs.map((run, i) => {
    const settings = new Map(settingsOf(run.experiment));
    const best = bestEpoch(run);
    const { test } = run.course;
    const figure = (logs: Readonly<Record<string, number>> | undefined, key: string): string =>
      logs !== undefined && key in logs ? figureText(key, logs[key]) : '';
    return {
      cells: [
        html`<span class="named">${lineSample(i, 0)}<b>${letterOf(i)}</b> ${run.name}</span>`,
        ...(isClass ? [figure(test?.logs, 'accuracy')] : []),
        figure(test?.logs, 'loss'),
        best?.key === 'val_loss' ? figureText('loss', best.epoch.logs.val_loss) : '',
        ...shown.map(path => settings.get(path) ?? ''),
        grouped(run.course.sittings[0].parameters),
        formatDuration(trainingSeconds(run)),
        outcomeOf(run).text,
      ],
    };
  });
  const head = [
    'run',
    ...(isClass ? ['test accuracy'] : []),
    'test loss',
    'least val. loss',
    ...shown.map(path => path.replace(/^[a-z]+\./, '')),
    'parameters',
    'time',
    'outcome',
  ];
  const firstWord = 1 + (isClass ? 1 : 0) + 2;
  const words = [0, ...shown.map((_, i) => firstWord + i)];
  return html`${dataTable({ caption: 'The runs, with the settings in which they differ.', head, rows, words })}
${varied.length > shown.length ? html`<p>They also differ in ${varied.slice(MOST_SETTINGS).join(', ')}.</p>` : ''}
<fieldset class="shown"><legend>Runs in the charts</legend>${runs.map((run, i) => html`<label><input type="checkbox" id="show-${i}" checked/>${lineSample(i, 0)}<b>${letterOf(i)}</b> ${run.name}</label>`)}</fieldset>`;
}

function notices(runs: readonly ReportRun[]): Content {
  const single = runs.length === 1;
  const told = runs.flatMap((run, i): string[] => {
    const { course, record } = run;
    const who = single ? '' : `${letterOf(i)}: `;
    const outcome = outcomeOf(run);
    const failure = record.outcome === 'failed' ? ` ${record.message ?? ''}` : '';
    const way = course.end?.reason === 'interrupted' ? ` To go on: chainrule train --resume ${run.name}` : '';
    return [
      ...(outcome.good ? [] : [`${who}${outcome.text.charAt(0).toUpperCase()}${outcome.text.slice(1)}.${failure}${way}`]),
      ...(record.instead === undefined ? [] : [`${who}Trained on ${record.instead}: its figures are not those of MNIST.`]),
      ...course.warnings.map(warning => `${who}${warning}`),
      ...(course.unreadable === 0
        ? []
        : [
            `${who}${course.unreadable} ${course.unreadable === 1 ? 'line' : 'lines'} of metrics.jsonl could not be read: the process was ended while it wrote.`,
          ]),
    ];
  });
  if (
    !single &&
    new Set(runs.map(({ info, experiment }) => `${info.provenance} ${'limit' in experiment.data ? experiment.data.limit : ''}`)).size > 1
  )
    told.push('The runs are of different data: their figures are shown side by side, and do not tell which is better.');
  if (
    !single &&
    new Set(runs.map(({ info, experiment }) => `${info.targetKind} ${experiment.loss.name} ${experiment.loss.labelSmoothing}`)).size > 1
  )
    told.push('The runs minimize different losses: their losses are on different scales.');
  return told.length === 0 ? '' : html`<div class="notices"><h3>To note</h3><ul>${told.map(text => html`<li>${text}</li>`)}</ul></div>`;
}
