// From what bench/results/ holds: README.md with the tables and the targets, and a plot as SVG (and PNG, where Chromium is at hand).
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { plotTraining } from './plot.mjs';
import { productFlops } from './roofline.mjs';

/** Ratios that are aimed at, with two threads. */
const TARGETS = [
  { what: 'wasm, best threads, over PyTorch', of: 'wasm', over: 'pytorch', at: { W1: 1.2, W2: 1.5, W3: 2, W4: 20, W5: 0.75 } },
  { what: 'BLAS over PyTorch', of: 'blas', over: 'pytorch', at: { W1: 2, W2: 2.5, W3: 2, W4: 20, W5: 1.5 } },
  { what: 'wasm, best threads, over jax-js', of: 'wasm', over: 'jax', at: { W1: 4, W2: 5, W3: 5, W4: 30, W5: 4 } },
];
const isWide = ({ form }) => form.includes('wide vectors');
/** Whose peak bounds a form: native code's, of 256 bits, where vectors are wide. */
const peakOf = one => (one.id === 'blas' || isWide(one) ? 'native' : 'wasm');
/** Whether a product was measured with what a form multiplies by: with wide vectors BLAS leaves the smaller ones to WebAssembly. */
const multiplies = (one, id) =>
  id.startsWith('blas')
    ? one.id === 'blas'
    : id.startsWith('wasmWide')
      ? isWide(one)
      : id.startsWith('wasm') && one.id === 'wasm' && !isWide(one);
const SHARE = 0.85;

const table = (head, rows) => {
  const line = cells => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
};
const number = value => (value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export async function writeReport(folder) {
  const found = {};
  for (const name of readdirSync(folder).filter(name => name.endsWith('.json'))) {
    const record = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    found[record.section] = record;
  }
  const parts = [heading(found)];
  const training = Object.values(found).filter(one => one.workload !== undefined);
  training.sort((a, b) => a.section.localeCompare(b.section));
  if (training.length > 0) parts.push(trainingText(training), targetsText(training, found.gemm));
  if (found.gemm) parts.push(productsText(found.gemm));
  if (found.cold) parts.push(coldText(found.cold));
  if (found.memory) parts.push(memoryText(found.memory));
  if (found.growth) parts.push(growthText(found.growth));
  const files = [join(folder, 'README.md')];
  if (training.length > 0) {
    const svg = join(folder, 'training.svg');
    writeFileSync(svg, plotTraining(training));
    files.push(svg, ...picture(svg));
  }
  const text = `${parts.join('\n\n')}\n`;
  writeFileSync(files[0], text);
  console.log(`\n${text}`);
  return { files };
}

/** Of which commit; records from before it was written down have none, and where there is no checkout it is null. */
function buildOf({ commit }) {
  if (commit === undefined) return 'of an earlier build; ';
  return commit === null ? '' : `commit ${commit}; `;
}

function heading(found) {
  const machines = [...new Set(Object.values(found).map(({ machine }) => JSON.stringify(machine)))].map(text => JSON.parse(text));
  const lines = machines.map(machine => {
    const of = Object.values(found).filter(one => JSON.stringify(one.machine) === JSON.stringify(machine));
    const versions = ['jax-js', 'tfjs', 'python', 'torch', 'scikit-learn', 'numpy'].filter(name => machine[name]);
    const text = `${machine.processor}, ${machine.processors} processors, ${machine.system}; Node ${machine.node}, V8 ${machine.v8}`;
    return `- ${of.map(one => one.section).join(', ')}: ${text}; ${versions.map(name => `${name} ${machine[name]}`).join(', ')}; ${buildOf(machine)}${machine.date}`;
  });
  const looks = Object.values(found).filter(one => one.calm);
  const sum = key => looks.reduce((total, { calm }) => total + calm[key], 0);
  const calm = `A turn counts when a loop on all cores just before and after it was as fast as it can be (${'`bench/calm.mjs`'}): of ${sum('turns')} turns, ${sum('dropped')} tries were taken again, and ${sum('disturbed')} count although the machine was never calm.`;
  return `# Beside its peers\n\nWritten by \`node bench/peers.mjs\`. Libraries take turns on one machine, each in the fastest form found; medians of at least ${Math.min(...Object.values(found).map(one => one.rounds))} turns. ${looks.length > 0 ? calm : ''}\n\n${lines.join('\n')}`;
}

function trainingText(training) {
  const ids = [...new Set(training.flatMap(({ results }) => results.map(one => one.id)))];
  const nameOf = id => training.flatMap(({ results }) => results).find(one => one.id === id).name;
  const resultOf = (record, id) => record.results.find(one => one.id === id);
  const rows = ids.map(id => [
    nameOf(id),
    ...training.map(record => {
      const one = resultOf(record, id);
      return one?.stepsPerSecond ? number(one.stepsPerSecond) : '-';
    }),
  ]);
  const spread = training.flatMap(record =>
    record.results
      .filter(one => one.turns)
      .map(
        ({ name, turns, form, processes, earlier }) =>
          `- ${record.section}, ${name}: ${number(Math.min(...turns))} to ${number(Math.max(...turns))}${form ? `; ${form}` : ''}${processes > 1 ? `; ${processes} processes` : ''}${earlier ? '; of an earlier run' : ''}`,
      ),
  );
  const without = training.flatMap(record =>
    record.results.filter(one => one.problem).map(one => `- ${record.section}, ${one.name}: not run, ${one.problem}`),
  );
  const what = training.map(
    ({ section, workload: { title, digits } }) => `- ${section}: ${title}${digits ? ', on images of MNIST, batch after batch' : ''}`,
  );
  return [
    '## Training steps a second',
    what.join('\n'),
    table(['', ...training.map(one => one.section)], rows),
    '![Steps a second, as multiples of PyTorch](training.svg)',
    'The first three losses are the same in all (within 0.2 %, without dropout). Nets go on training from turn to turn, some tens of times over the 25,600 images or ever on the one batch of noise, so a ReLU leaves more zeros than at first. Slowest and fastest turn, and the form that was fastest:',
    [...spread, ...without].join('\n'),
  ].join('\n\n');
}

/** What the ratio could be at most, where the products of a step have so many GFLOPS in all and only the optimizer's pass takes time besides; null if unknown. */
function mostOf({ workload, section, calm }, gemm, gflops, theirs) {
  if (!gflops || gemm?.updates[section] === undefined) return null;
  return ((calm?.given ?? 1) * 1000) / (productFlops(workload) / (gflops * 1e6) + gemm.updates[section]) / theirs;
}

/** GFLOPS that the products of a step would need for a ratio, if only the optimizer's pass took time besides. */
function needed({ workload, section, calm }, gemm, ratio, theirs) {
  const ms = ((calm?.given ?? 1) * 1000) / (ratio * theirs) - gemm.updates[section];
  return ms > 0 ? productFlops(workload) / (ms * 1e6) : Infinity;
}

function targetsText(training, gemm) {
  const rows = [];
  const missing = [];
  for (const { what, of, over, at } of TARGETS) {
    for (const record of training) {
      const { section, results } = record;
      const mine = results.find(one => one.id === of);
      const [ours, theirs] = [mine, results.find(one => one.id === over)].map(one => one?.stepsPerSecond);
      const target = at[section.replace('n', '')];
      if (!ours || !theirs || target === undefined) continue;
      const ratio = ours / theirs;
      const peak = peakOf(mine);
      const cores = gemm?.machine.processors;
      const most = mostOf(record, gemm, gemm?.peaks[peak] && gemm.peaks[peak] * cores, theirs);
      const fastest = Math.max(0, ...(gemm?.results ?? []).filter(({ id }) => multiplies(mine, id)).map(one => one.gflops));
      const own = mostOf(record, gemm, fastest, theirs);
      const met = ratio >= target;
      const shown = value => (value === null ? '-' : number(value));
      rows.push([
        `${section}, ${what}`,
        number(ratio),
        number(target),
        met ? 'yes' : 'no',
        shown(most),
        shown(own),
        own === null ? '-' : `${((100 * ratio) / own).toFixed(0)} %`,
      ]);
      if (met || own === null || most === null) continue;
      const wanted = `its products would need ${number(needed(record, gemm, target, theirs))} GFLOPS, if all else took no time; the fastest have ${number(fastest)}`;
      const name = `- ${section}, ${what}: ${wanted}`;
      if (most < target) {
        missing.push(`${name}, and the peak is ${number(gemm.peaks[peak] * cores)}.`);
      } else if (own < target) missing.push(`${name}. They would have to come nearer to the peak of ${number(gemm.peaks[peak] * cores)}.`);
      else missing.push(`${name}. What is missing lies between the products.`);
    }
  }
  const text =
    'The roofline is the ratio that would be reached if all products were done in full and ran at the measured peak on every processor, the arrays of the optimizer passed at the measured speed of memory, and all else took no time; times what the machine gave while the training was measured (see below), since the peak was taken when it was calm. Where it is below the target, no implementation that multiplies everything reaches that target on this machine; this library leaves out what is background and what a ReLU has set to zero ([docs/design/sparse.md](../../docs/design/sparse.md)), and so may be above it. For nets as small as W4 it says nothing. The second is the same with products as fast as the fastest that this implementation, or the BLAS library, has in the table further below.';
  const head = ['', 'ratio', 'target', 'met', 'roofline', 'of its products', 'reached of that'];
  const change = missing.length === 0 ? [] : ['What would have to change where a target is not met:', missing.join('\n')];
  const shares = training.filter(({ calm }) => calm?.given).map(({ section, calm }) => `${section} ${(100 * calm.given).toFixed(0)} %`);
  const given =
    shares.length === 0
      ? []
      : [
          `What the machine gave: the time of a loop on one core at its fastest, over that on all cores at once, in the median of the looks before and after the turns that count. ${shares.join(', ')}.`,
        ];
  return [`## Targets`, text, table(head, rows), ...given, ...change].join('\n\n');
}

function productsText({ peaks, together, results, machine }) {
  const shapes = [...new Map(results.map(({ shape }) => [JSON.stringify(shape), shape])).values()];
  const of = (id, shape) => results.find(one => one.id === id && JSON.stringify(one.shape) === JSON.stringify(shape));
  const ids = [...new Set(results.map(one => one.id))];
  const rows = ids.map(id => [
    results.find(one => one.id === id).name,
    ...shapes.map(shape => {
      const { gflops, share } = of(id, shape);
      return `${gflops.toFixed(0)} (${(100 * share).toFixed(0)} %)`;
    }),
  ]);
  const named = { wasm: 'WebAssembly', wasmWide: 'WebAssembly of 256 bits' };
  const checks = ['wasm', 'wasmWide', 'blas', 'blasOfNumpy'].flatMap(kind => {
    const one = results.filter(({ id }) => id === `${kind}1`);
    if (one.length === 0) return [];
    const worst = Math.min(...one.map(({ share }) => share));
    return [
      `- ${named[kind] ?? one[0].library}, one thread: at least ${(100 * worst).toFixed(0)} % of the peak; ${worst >= SHARE ? 'the' : 'not the'} ${100 * SHARE} % aimed at`,
    ];
  });
  const wide = shapes.find(({ m, n, k }) => m === 256 && n === 2500 && k === 2000);
  for (const kind of ['wasm', 'wasmWide']) {
    const [one, several] = [of(`${kind}1`, wide), of(`${kind}${machine.processors}`, wide)];
    if (!one || !several || machine.processors === 1) continue;
    const gain = (several.gflops / one.gflops).toFixed(2);
    checks.push(`- ${named[kind]}, ${machine.processors} threads over one on 256x2500x2000: ${gain}, of 1.8 aimed at with two`);
  }
  return [
    '## Products of matrices, GFLOPS',
    `Measured peak of a core: ${peaks.wasm?.toFixed(1)} in WebAssembly (128-bit multiply-adds), ${peaks.native?.toFixed(1)} in native code (256-bit). In brackets the share of the peak of as many cores.`,
    `All ${machine.processors} processors at the same loop at once: ${['wasm', 'native'].map(kind => `${together?.[kind]?.best.toFixed(1)} at best and ${together?.[kind]?.median.toFixed(1)} in the median of 300 short runs`).join(' in WebAssembly, ')} in native code; the difference is what others on this machine took meanwhile.`,
    table(['', ...shapes.map(({ what, m, n, k }) => `${m}x${n}x${k} ${what}`)], rows),
    checks.join('\n'),
  ].join('\n\n');
}

function coldText({ results }) {
  const rows = results.map(({ name, ms }) => [name, ms.toFixed(0)]);
  return `## Cold start\n\nMilliseconds from the start of the process to the end of the first training step of W1; for chainrule as it is published, and to the end of the process.\n\n${table(['', 'ms'], rows)}`;
}

function memoryText({ marks, results }) {
  const rows = results.filter(one => one.mebibytes).map(({ name, mebibytes }) => [name, ...mebibytes.map(mib => mib.toFixed(0))]);
  return `## Memory\n\nMiB that the process holds (resident) after so many steps of W3. Live tensors and bytes are counted by \`node --expose-gc bench/memory.mjs\`.\n\n${table(['', ...marks.map(number)], rows)}`;
}

function growthText({ results }) {
  const series = [
    ['width', 'w in 784-w-w-10, batch 128'],
    ['depth', 'number of hidden layers of 256, batch 128'],
    ['batch', '784-512-256-10'],
  ];
  const texts = series.map(([name, what]) => {
    const rows = results.map(one => [one.name, ...one[name].map(({ ms }) => ms.toPrecision(3))]);
    return `Milliseconds a step (Adam) by ${name}: ${what}\n\n${table(['', ...results[0][name].map(({ at }) => String(at))], rows)}`;
  });
  return ['## Growth', ...texts].join('\n\n');
}

/** The plot as PNG, for those who cannot show SVG. */
function picture(svg) {
  const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(chromium)) return [];
  const png = svg.replace(/svg$/, 'png');
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(readFileSync(svg, 'utf8'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--window-size=${width},${height}`];
  try {
    execFileSync(chromium, [...flags, `--screenshot=${resolve(png)}`, pathToFileURL(resolve(svg)).href], {
      stdio: 'ignore',
      timeout: 30_000,
    });
    return [png];
  } catch {
    return []; // the SVG is the plot
  }
}
