// What each remedy does to one model on MNIST, over several seeds: `npm run build && node bench/study.mjs --out docs/study.md`
//
//   --folder DIR     where MNIST is (default: CHAINRULE_DATA, the cache, a download)
//   --seeds 3        runs of each row            --threads N   runs at one time (default: one a processor)
//   --epochs 20      --limit N  training images  --hidden 512,256
//   --only a,b       only these rows, besides the base     --digits   the embedded digits in place of MNIST, to try it out
//   --results FILE   where finished runs are kept (default: node_modules/.cache/study.json); a study that was stopped goes on from there
//   --out FILE       where the table goes (default: the standard output)
//
// Settings are chosen by validation accuracy with the first seed; the test part is measured once a run, at its end, and read for the chosen runs alone.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { parseExperiment, withChanges } from '../dist/experiment.js';
import { version } from '../dist/index.js';
import { runJobs, trainEnsemble } from '../dist/node.js';
import { rows as allRows, base as baseChanges } from './study-rows.mjs';
import { report } from './study-table.mjs';

const { values: args } = parseArgs({
  options: {
    folder: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    epochs: { type: 'string', default: String(baseChanges.training.epochs) },
    limit: { type: 'string' },
    hidden: { type: 'string', default: baseChanges.model.hidden.join(',') },
    only: { type: 'string' },
    digits: { type: 'boolean', default: false },
    results: { type: 'string', default: 'node_modules/.cache/study.json' },
    out: { type: 'string' },
  },
});
const threads = Number(args.threads);
const epochs = Number(args.epochs);
const seeds = Array.from({ length: Number(args.seeds) }, (_, i) => i + 1);
const wanted = args.only?.split(',').map(name => name.trim());
const rows = allRows.filter(row => row.group === 'Base' || wanted === undefined || wanted.includes(row.name));
const unknown = wanted?.filter(name => !allRows.some(row => row.name === name)) ?? [];
if (unknown.length > 0)
  throw new Error(`--only: there is no row ${unknown.join(', ')}; there are ${allRows.map(row => row.name).join(', ')}`);

const limit = args.limit === undefined ? {} : { limit: Number(args.limit) };
const folder = args.folder === undefined ? {} : { folder: args.folder };
const start = withChanges(parseExperiment({ data: args.digits ? { name: 'digits', ...limit } : { name: 'mnist', ...folder, ...limit } }), {
  ...baseChanges,
  model: { ...baseChanges.model, hidden: args.hidden.split(',').map(Number) },
  training: { ...baseChanges.training, epochs },
});

/** Finished runs by what they are: the experiment without the place of its data, and this version. */
const results = read(args.results);
let finished = 0;

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

function keep(key, result) {
  results[key] = result;
  mkdirSync(dirname(args.results), { recursive: true });
  writeFileSync(`${args.results}.tmp`, JSON.stringify(results));
  renameSync(`${args.results}.tmp`, args.results);
  finished++;
}

function keyOf(experiment, kind) {
  const { folder: _, ...data } = experiment.data;
  const { tasks: __, ...rest } = experiment; // the study has none; results from before there were any stay good
  return createHash('sha256')
    .update(JSON.stringify([version, kind, { ...rest, data }]))
    .digest('hex')
    .slice(0, 20);
}

const settled = outcome => {
  if (!outcome.ok) return { failed: outcome.error.message };
  const { report: run } = outcome;
  return {
    validation: run.validation?.logs,
    test: run.test?.logs,
    last: run.epochs.at(-1),
    epochs: run.epochs.length,
    seconds: run.seconds,
    data: run.data.replace(/folder \S+/, 'a folder'),
  };
};

/** Runs what has not been run yet, and gives every result. */
async function runAll(plan) {
  const todo = plan.filter(({ experiment }) => results[keyOf(experiment, 'run')] === undefined);
  const began = performance.now();
  await runJobs(
    todo.map(({ experiment }) => ({ experiment })),
    {
      threads,
      onOutcome(i, outcome) {
        const result = settled(outcome);
        keep(keyOf(todo[i].experiment, 'run'), result);
        const figure =
          result.failed ?? `validation accuracy ${(100 * result.validation.accuracy).toFixed(2)} %, ${result.seconds.toFixed(1)} s`;
        const elapsed = ((performance.now() - began) / 60_000).toFixed(1);
        console.error(`[${finished}, ${elapsed} min] ${todo[i].name}, seed ${todo[i].experiment.seed}: ${figure.split('\n')[0]}`);
      },
    },
  );
  return plan.map(({ experiment }) => results[keyOf(experiment, 'run')]);
}

const withSeed = (experiment, seed) => ({ ...experiment, seed });

/** Tries a row's choices with the first seed; the best by validation accuracy. */
async function choose(from, list) {
  const plan = list.flatMap(row =>
    row.choices.map(choice => ({
      row,
      label: choice.label,
      name: `${row.name} ${choice.label}`,
      experiment: withSeed(withChanges(from, settings(choice.changes)), seeds[0]),
    })),
  );
  const found = await runAll(plan);
  return list.map(row => {
    const score = i => found[i].validation?.accuracy ?? -1;
    const best = plan
      .map((_, i) => i)
      .filter(i => plan[i].row === row)
      .reduce((a, b) => (score(b) > score(a) ? b : a));
    return { ...row, label: plan[best].label, experiment: plan[best].experiment, tried: row.choices.length };
  });
}

/** Schedules may depend on the length of the training. */
function settings(changes) {
  return typeof changes.schedule === 'function' ? { ...changes, schedule: changes.schedule(epochs) } : changes;
}

const [base] = await choose(start, [rows[0]]);
const chosen = [
  base,
  ...(await choose(
    base.experiment,
    rows.slice(1).filter(row => row.choices !== undefined),
  )),
];
const runs = await runAll(chosen.flatMap(row => seeds.map(seed => ({ name: row.name, experiment: withSeed(row.experiment, seed) }))));
const table = chosen.map((row, i) => ({ ...row, runs: runs.slice(i * seeds.length, (i + 1) * seeds.length) }));

const ensembles = [];
for (const row of rows.filter(row => row.ensemble !== undefined)) {
  const each = [];
  for (const seed of seeds) {
    const experiment = withSeed(base.experiment, seed);
    const key = keyOf(experiment, `ensemble of ${row.ensemble}`);
    if (results[key] === undefined) {
      const { validation, test, members, gains } = await trainEnsemble(experiment, row.ensemble, { threads });
      const seconds = members.reduce((sum, member) => sum + member.seconds, 0);
      keep(key, { validation: validation?.logs, test: test?.logs, seconds, gains, epochs });
      console.error(`[${finished}] ${row.name}, seed ${seed}: gain in test accuracy ${(100 * gains.test.accuracy.gain).toFixed(2)} %`);
    }
    each.push(results[key]);
  }
  table.push({ ...row, label: '', runs: each, tried: 1 });
  ensembles.push({ ...row, runs: each });
}

const text = report({
  table,
  ensembles,
  base: base.experiment,
  seeds,
  threads,
  version,
  data: table[0].runs.find(run => run.data)?.data ?? '',
  machine: `${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.version}, V8 ${process.versions.v8}`,
  command: `node bench/study.mjs ${process.argv
    .slice(2)
    .filter(
      (word, i, all) => !(['--folder', '--results', '--out'].includes(word) || ['--folder', '--results', '--out'].includes(all[i - 1])),
    )
    .join(' ')}`.trim(),
});
if (args.out === undefined) process.stdout.write(text);
else writeFileSync(args.out, text);
