/**
 * Trains with the real command, kills it (SIGKILL) at random moments, half of them while a checkpoint is being written, takes it up again with --resume,
 * and compares what it ends with to a run that was left alone:
 * - the files of the last and the best checkpoint, byte for byte;
 * - metrics.jsonl: every line there once, none torn, the same figures (times aside);
 * - at each kill: no more steps are lost than lie between two checkpoints, of those that were told.
 *
 *     node scripts/kill-test.mjs --moments 200 [--seed 1] [--every 7steps] [--threads N,M,...] [-- more flags of train]
 *
 * With --threads the runs take these counts in turn; the one left alone takes the first. A kill that finds the run over begins a new run.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    moments: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    every: { type: 'string', default: '7steps' },
    threads: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const moments = Number(values.moments);
const every = Number.parseInt(values.every, 10);
const threads = values.threads?.split(',') ?? [];
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
if (!existsSync(cli)) {
  console.error('There is no dist/cli.js: run `npm run build` first.');
  process.exit(2);
}

// Everything that has a state: dropout, batch norm, augmentation, mixup, momentum, a schedule, early stopping, an average of the weights.
const flags = [
  ...'train digits --digits-train 900 --test 100 --validation 100 --hidden 24 --batch-norm before --dropout 0.2 --augment'.split(' '),
  ...'--mixup 0.2 --epochs 12 --batch-size 32 --schedule cosine --early-stopping --patience 9 --averaging ema --averaging-decay 0.9'.split(
    ' ',
  ),
  ...['--checkpoint-every', values.every, '--json'],
  ...positionals,
];

const root = mkdtempSync(join(tmpdir(), 'chainrule-kill-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

/** A generator of its own (mulberry32), so that a failure can be repeated. */
let state = Number(values.seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

let started = 0;
function start(words) {
  const count = threads.length === 0 ? [] : ['--threads', threads[started++ % threads.length]];
  const child = spawn(process.execPath, [cli, ...words, ...count], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  child.out = '';
  child.err = '';
  child.stdout.setEncoding('utf8').on('data', text => (child.out += text));
  child.stderr.setEncoding('utf8').on('data', text => (child.err += text));
  child.ended = new Promise(resolve => child.on('close', (code, signal) => resolve({ code, signal })));
  return child;
}

function fail(message) {
  console.error(`FAILED: ${message}`);
  process.exit(1);
}

const pointer = (run, which) => readFileSync(join(root, run, 'checkpoints', which), 'utf8').trim();
const filesOf = (run, which) => {
  const folder = join(root, run, 'checkpoints', pointer(run, which));
  return new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]));
};

/** What a run told, without times: a map from what each line is about to the line. A line that is there twice, or torn, is a failure. */
function told(run) {
  const lines = new Map();
  const text = readFileSync(join(root, run, 'metrics.jsonl'), 'utf8');
  if (!text.endsWith('\n')) fail(`${run}/metrics.jsonl ends in a torn line`);
  for (const line of text.trimEnd().split('\n')) {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      fail(`${run}/metrics.jsonl holds a torn line: ${line.slice(0, 80)}`);
    }
    if (['trainBegin', 'checkpoint', 'profile'].includes(event.type)) continue;
    for (const time of ['elapsed', 'validationElapsed', 'samples']) if (event.type !== 'evaluation') delete event[time];
    const key = [event.type, event.epoch, event.globalStep, event.code, event.layer].join(' ');
    if (lines.has(key)) fail(`${run}/metrics.jsonl tells twice of: ${key}`);
    lines.set(key, JSON.stringify(event));
  }
  return lines;
}

function compare(run) {
  for (const which of ['latest', 'best']) {
    const [wanted, found] = [filesOf('whole', which), filesOf(run, which)];
    if (pointer('whole', which) !== pointer(run, which)) fail(`${run}: ${which} is ${pointer(run, which)}, not ${pointer('whole', which)}`);
    for (const [name, bytes] of wanted) if (!found.get(name)?.equals(bytes)) fail(`${run}: ${which}/${name} differs`);
  }
  const [wanted, found] = [told('whole'), told(run)];
  for (const [key, line] of wanted) if (found.get(key) !== line) fail(`${run}/metrics.jsonl: ${key}\n  ${found.get(key)}\n  ${line}`);
  for (const key of found.keys()) if (!wanted.has(key)) fail(`${run}/metrics.jsonl tells of ${key}, which never was`);
}

/** The last step that a process told of on its standard output. */
function lastStep(out) {
  const steps = [...out.matchAll(/"type":"batchEnd".*?"globalStep":(\d+)/g)];
  return steps.length === 0 ? 0 : Number(steps.at(-1)[1]);
}

async function killLater(child, run, wait, whileWriting) {
  await Promise.race([child.ended, new Promise(resolve => setTimeout(resolve, wait))]);
  if (whileWriting && child.exitCode === null) {
    // The temporary folder of a checkpoint, the file of a pointer or of the events: killed as soon as one is seen, or within its next moments.
    const folder = join(root, run, 'checkpoints');
    const seen = new Promise(resolve => {
      if (!existsSync(folder)) return resolve();
      const watcher = watch(folder, (_, name) => name?.endsWith('.tmp') && resolve(watcher.close()));
      child.ended.then(() => resolve(watcher.close()));
    });
    const pause = Math.floor(random() * 4);
    await seen;
    const until = performance.now() + pause;
    while (performance.now() < until);
  }
  child.kill('SIGKILL');
  return await child.ended;
}

const began = performance.now();
const whole = start([...flags, '--out', 'whole']);
const outcome = await whole.ended;
if (outcome.code !== 0) fail(`the run that was left alone ended with ${outcome.code}\n${whole.err}`);
const wall = performance.now() - began;
console.log(`left alone: ${lastStep(whole.out)} steps in ${(wall / 1000).toFixed(1)} s, a checkpoint every ${values.every}`);

let [kills, runs, torn, most, resumes] = [0, 0, 0, 0, 0];
while (kills < moments) {
  const run = `killed-${++runs}`;
  let words = [...flags, '--out', run];
  for (let perRun = 0; ; perRun++) {
    const child = start(words);
    // A moment anywhere from its start-up to its end; at most a dozen kills a run, so that it comes to an end.
    const isLast = kills >= moments || perRun >= 12;
    const whileWriting = random() < 0.5;
    const { code } = isLast ? await child.ended : await killLater(child, run, 150 + random() * wall * 0.35, whileWriting);
    if (code === 0) break;
    if (code !== null) fail(`${run} ended with ${code}\n${child.err}`);
    kills++;
    if (existsSync(join(root, run, 'checkpoints')) && readdirSync(join(root, run, 'checkpoints')).some(name => name.endsWith('.tmp')))
      torn++;
    // Killed before the folder was complete, there is nothing to go on with.
    if (!existsSync(join(root, run, 'data.json'))) {
      rmSync(join(root, run), { recursive: true, force: true });
      continue;
    }
    const reached = lastStep(child.out);
    words = ['train', '--resume', run, '--json'];
    if (reached === 0) continue;
    resumes++;
    const names = existsSync(join(root, run, 'checkpoints')) ? readdirSync(join(root, run, 'checkpoints')) : [];
    const saved = Math.max(0, ...names.flatMap(name => /^step-(\d+)/.exec(name)?.[1] ?? []).map(Number));
    most = Math.max(most, reached - saved);
    if (reached - saved > every) fail(`${run}: ${reached} steps were told, and the newest checkpoint is of step ${saved}`);
    if (values.verbose) console.log(`${run}: killed after step ${reached}, goes on from ${saved}`);
  }
  compare(run);
  rmSync(join(root, run), { recursive: true, force: true });
}
console.log(
  `${kills} kills in ${runs} runs (${torn} left a half-written file behind, ${resumes} came after a first step; at most ${most} steps lost): every final file is the same, byte for byte`,
);
