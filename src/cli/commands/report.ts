import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../../errors.ts';
import { openSweep } from '../../experiment/node/sweep.ts';
import { formatBytes } from '../../figures/format.ts';
import { readRun } from '../../report/node/read-run.ts';
import { GENERATOR, reportPage } from '../../report/page.ts';
import { shellWord } from '../../report/shell.ts';
import { sweepPage } from '../../report/sweep-page.ts';
import { writeFileAtomic } from '../../train/node/atomic.ts';
import { UsageError } from '../errors.ts';
import { outputFor } from '../output.ts';

interface Flags {
  readonly out?: string;
  readonly title?: string;
}

const HELP = `
The report is one HTML file that needs no network and no other file: curves, the test's figures, mistakes, weights, and how the run was made. It may be
read on a phone, printed, and sent to others. Of several runs the curves are drawn over each other.
A file that is there already is written over only if it is a report.

Examples:
  chainrule report runs/first                               writes runs/first/report.html
  chainrule report runs/first runs/second --out both.html   compares two runs`;

export function command(): Command {
  return new Command('report')
    .description('Writes what came of runs into one HTML file.')
    .argument('<runs...>', 'run folders, or the folder of a sweep')
    .option('--out <FILE>', 'where to write (default: report.html in the folder of the run; of several runs, here)')
    .option('--title <TEXT>', 'heading of the page')
    .addHelpText('after', HELP)
    .action(runReport);
}

async function runReport(paths: readonly string[], flags: Flags): Promise<void> {
  const output = outputFor(process.stdout);
  const path = flags.out ?? (paths.length === 1 ? join(paths[0], 'report.html') : 'report.html');
  const options = flags.title === undefined ? {} : { title: flags.title };
  const sweeps = paths.filter(one => existsSync(join(one, 'sweep.json')));
  if (sweeps.length > 0 && paths.length > 1)
    throw new UsageError(
      `${sweeps[0]} is a sweep; a sweep has a report of its own. Give it alone, or runs such as ${join(sweeps[0], 'trials', '000')}`,
    );
  if (sweeps.length === 1) {
    await mustBeReport(path);
    const page = await sweepPage(await openSweep(paths[0]), paths[0], flags.title);
    await writeFileAtomic(path, page);
    output.line(`${shellWord(relative('', path) || path)}: a sweep, ${formatBytes(Buffer.byteLength(page))}`);
    return;
  }
  const runs = [];
  for (const one of paths) runs.push(await readRun(one));
  const page = await reportPage(runs, options);
  await mustBeReport(path);
  await writeFileAtomic(path, page);
  output.line(
    `${shellWord(relative('', path) || path)}: ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, ${formatBytes(Buffer.byteLength(page))}`,
  );
}

/** Nothing is written over but an earlier report. */
async function mustBeReport(path: string): Promise<void> {
  const kind = await stat(path).catch(() => null);
  if (kind === null) return;
  if (kind.isDirectory()) throw new UsageError(`--out: ${path} is a folder; a file such as ${join(path, 'report.html')} was expected`);
  const text = await readFile(path, 'utf8');
  if (!text.slice(0, 2000).includes(`content="${GENERATOR} `))
    throw new UserError(`${path} is there already, and is no report; nothing is written over it`, 'Choose another --out');
}
