/** How a run came to be: its experiment, where and when it ran, how long it took, and the command that makes it again. */
import { formatDuration, formatNumber, formatRate, grouped } from '../../figures/format.ts';
import { differences } from '../differences.ts';
import { outcomeOf, trainingSeconds } from '../figures-of.ts';
import { type Content, type Html, html } from '../html.ts';
import type { ReportRun } from '../run-data.ts';
import { commandLine, shellWord } from '../shell.ts';
import { dataTable, facts } from '../table.ts';

export function making(run: ReportRun): Html {
  return html`<h3>Experiment</h3>${settings(run)}
<h3>To repeat it</h3>${repeat(run)}
<h3>Where and when</h3>${environment(run)}
<h3>Time</h3>${timing(run)}`;
}

function settings({ experiment }: ReportRun): Html {
  const rows = differences(experiment);
  const json = html`<details><summary>The whole experiment as JSON</summary><pre class="scroll" tabindex="0">${JSON.stringify(experiment, null, 2)}</pre></details>`;
  if (rows.length === 0) return html`<p>Every setting is what chainrule train takes by itself.</p>${json}`;
  return html`${dataTable({
    caption: 'What differs from what chainrule train takes by itself for this data.',
    head: ['setting', 'here', 'else'],
    rows: rows.map(({ path, value, fallback }) => ({ cells: [path, value, fallback] })),
    words: [0, 1, 2],
  })}${json}`;
}

function repeat({ name, record, experiment, info }: ReportRun): Html {
  const again = ['chainrule', 'train', '--config', `${name}/experiment.json`];
  const isResumed = record.command?.includes('--resume') ?? false;
  const typed =
    record.command === undefined
      ? ''
      : html`<p>${isResumed ? 'It went on last by' : 'As it was typed'}:</p><pre class="scroll" tabindex="0">${commandLine(record.command)}</pre>`;
  const same =
    experiment.backend === 'auto' || experiment.backend === 'wasm'
      ? 'The same seed gives the same bits'
      : 'The same seed gives the same figures';
  return html`<pre class="scroll" tabindex="0">${again.map(shellWord).join(' ')}</pre>
<p>Everything is in that file, the seed (${experiment.seed}) too; the JSON above is the same. ${same} on the same data: ${info.provenance}.</p>${typed}`;
}

function environment(run: ReportRun): Html {
  const { record, course, info } = run;
  const begin = course.sittings[course.sittings.length - 1];
  const { name, ...traits } = begin.backend;
  const rows: (readonly [string, Content])[] = [
    ['outcome', outcomeOf(run).text],
    ['data', info.provenance],
    [
      'examples',
      `${grouped(begin.trainSamples)} to train on, ${begin.validationSamples === 0 ? 'none' : grouped(begin.validationSamples)} to validate${course.test === null ? '' : `, ${grouped(course.test.samples)} to test`}`,
    ],
    [
      'backend',
      `${name} (${Object.entries(traits)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')})`,
    ],
    ['chainrule', record.chainrule ?? 'unknown'],
    ['engine', record.engine ?? 'unknown'],
    ['platform', record.platform ?? 'unknown'],
  ];
  if (record.machine !== undefined) rows.push(['machine', `${record.machine.cpu}, ${record.machine.cores} cores`]);
  if (record.started !== undefined) rows.push(['started', when(record.started)]);
  if (record.ended !== undefined) rows.push(['ended', when(record.ended)]);
  if (course.sittings.length > 1) rows.push(['sittings', `${course.sittings.length}: it was stopped and went on`]);
  return facts(rows);
}

/** `2026-11-25 02:02:22 UTC` */
function when(time: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time) ? `${time.slice(0, 10)} ${time.slice(11, 19)} UTC` : time;
}

function timing(run: ReportRun): Html {
  const { epochs } = run.course;
  if (epochs.length === 0) return html`<p>No epoch has ended.</p>`;
  const seconds = trainingSeconds(run);
  const spent = epochs.reduce((sum, { elapsed }) => sum + elapsed, 0);
  const samples = epochs.reduce((sum, epoch) => sum + epoch.samples, 0);
  return html`${facts([
    ['all epochs', formatDuration(seconds)],
    ['training', formatDuration(spent)],
    ['validation', formatDuration(seconds - spent)],
    ['training speed', formatRate(samples / spent)],
  ])}${dataTable({
    summary: 'Time of each epoch: table',
    head: ['epoch', 'training (s)', 'validation (s)', 'samples/s'],
    rows: epochs.map(({ epoch, elapsed, validationElapsed, samples }) => ({
      cells: [epoch, formatNumber(elapsed, 3), formatNumber(validationElapsed, 3), grouped(Math.round(samples / elapsed))],
    })),
  })}`;
}
