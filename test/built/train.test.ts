import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectComplaint, jsonLines, type Outcome, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 600 --test 200 --validation 100 --hidden 16 --batch-size 32';
const figures = (text: string): string => /loss [\d.]+, accuracy [\d.]+ %/.exec(text)![0];

describe('a run from the beginning to the end', () => {
  let trained: Outcome;
  beforeAll(async () => {
    trained = await run(`train ${SMALL} --epochs 3 --out runs/first`);
  });

  test('shows plain lines where there is no terminal, and every picture at the end', () => {
    expect(trained.err).toBe('');
    expect(trained.code).toBe(0);
    for (const control of ['\r', '\u001b']) expect(trained.out).not.toContain(control);
    expect(trained.out).toMatch(/^epoch 1\/3 {2}loss \S+ {2}accuracy \S+ % {2}val_loss \S+ {2}val_accuracy \S+ %/m);
    for (const title of ['embedded digits', 'Loss\n', 'Confusion matrix', 'Most mistaken']) expect(trained.out).toContain(title);
    expect(trained.out).toContain(
      'The run is in runs/first. Next:\n  chainrule evaluate runs/first\n  chainrule predict runs/first my7.png\n',
    );
  });

  test('leaves a folder that says all about it', () => {
    const read = (name: string): string => readFileSync(join(folder, 'runs/first', name), 'utf8');
    expect(JSON.parse(read('experiment.json'))).toMatchObject({ version: 1, seed: 1, model: { hidden: [16] }, training: { epochs: 3 } });
    expect(JSON.parse(read('run.json'))).toMatchObject({
      outcome: 'completed',
      backend: { name: 'wasm' },
      test: { accuracy: expect.any(Number) },
    });
    const events = jsonLines(read('metrics.jsonl')).map(event => event.type);
    expect(events.filter(type => type === 'epochEnd')).toHaveLength(3);
    expect(events.at(-1)).toBe('evaluation');
  });

  test('evaluate gives the same figures', async () => {
    const { code, out } = await run('evaluate runs/first');
    expect(code).toBe(0);
    expect(figures(out)).toBe(figures(trained.out));
    const [json] = jsonLines((await run('evaluate runs/first --json')).out);
    const atTheEnd = JSON.parse(readFileSync(join(folder, 'runs/first/run.json'), 'utf8')).test;
    expect(json.logs).toEqual(atTheEnd);
    expect((await run('evaluate runs/first --split validation --checkpoint best')).out).toMatch(/Validation: loss .* of 100 wrong/);
  });

  test('its experiment trains the same again', async () => {
    const again = await run('train --config runs/first/experiment.json --out runs/again --quiet');
    expect(again.code).toBe(0);
    expect(figures(again.out)).toBe(figures(trained.out));
    const weights = (name: string): Buffer => {
      const latest = readFileSync(join(folder, name, 'checkpoints/latest'), 'utf8').trim();
      return readFileSync(join(folder, name, 'checkpoints', latest, 'model.safetensors'));
    };
    expect(weights('runs/again').equals(weights('runs/first'))).toBe(true);
    const other = await run('train --config runs/first/experiment.json --seed 2 --out runs/other --quiet');
    expect(figures(other.out)).not.toBe(figures(trained.out));
  });
});

test('--json writes nothing but JSON lines to the standard output', async () => {
  const { out, code } = await run(`train ${SMALL} --epochs 1 --json`);
  expect(code).toBe(0);
  const events = jsonLines(out);
  expect(events[0]).toMatchObject({ type: 'trainBegin', trainSamples: 500 });
  expect(events.at(-2)).toMatchObject({ type: 'evaluation', part: 'test', samples: 200 });
  expect(events.at(-1)).toMatchObject({ type: 'run', outcome: 'completed', path: join(folder, 'runs/digits-1') });
});

test('--ascii draws with plain characters, NO_COLOR and --color decide on colours', async () => {
  const { out } = await run(`train ${SMALL} --epochs 1 --ascii`);
  expect(out).toMatch(/^[\n -~]*$/);
  const colored = await run('evaluate runs/digits-1 --color');
  expect(colored.out).toContain('\u001b[');
});

test('a table is trained on, evaluated and predicted', async () => {
  const rows = Array.from({ length: 120 }, (_, i) => `${i % 7},${(i * 3) % 11},${(i % 7) + ((i * 3) % 11) > 8 ? 'high' : 'low'}`);
  writeFileSync(join(folder, 'table.csv'), `a,b,level\n${rows.join('\n')}\n`);
  const trained = await run('train table.csv --label level --hidden 8 --epochs 25 --batch-size 16 --lr 0.05 --out runs/table');
  expect(trained.err).toBe('');
  expect(trained.out).toContain('chainrule predict runs/table new-rows.csv');
  writeFileSync(join(folder, 'new.csv'), 'a,b\n0,0\n6,10\n');
  const predicted = jsonLines((await run('predict runs/table new.csv --json')).out) as never as { class: string }[];
  expect(predicted.map(one => one.class)).toEqual(['low', 'high']);
  expect((await run('predict runs/table new.csv')).out).toMatch(/row +class +probability/);
});

describe('Ctrl-C', () => {
  // The first line is out before the first step; the signal comes while it trains.
  const stopWith = (signal: NodeJS.Signals) => {
    let sent = false;
    return (child: { kill(signal: NodeJS.Signals): boolean }, written: string) => {
      if (!sent && written.includes('"batchEnd"')) sent = child.kill(signal);
    };
  };

  test('stops after the step, saves, and says how to go on; the run then ends as if it had not been stopped', async () => {
    const long = `${SMALL} --epochs 40 --json`;
    const stopped = await run(`train ${long} --out runs/stopped`, { during: stopWith('SIGINT') });
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('Stopping after this step.');
    expect(stopped.err).toContain('Stopped and saved in runs/stopped. To go on: chainrule train --resume runs/stopped\n');
    expect(jsonLines(stopped.out).at(-1)).toMatchObject({ outcome: 'interrupted' });
    expect(existsSync(join(folder, 'runs/stopped/checkpoints/latest'))).toBe(true);

    const resumed = await run('train --resume runs/stopped --json');
    const whole = await run(`train ${long} --out runs/whole`);
    const last = (outcome: Outcome) => jsonLines(outcome.out).find(event => event.type === 'evaluation');
    expect(resumed.code).toBe(0);
    expect(last(resumed)).toEqual(last(whole));
  });

  test('SIGTERM does the same with its own exit code', async () => {
    const ended = await run(`train ${SMALL} --epochs 200 --json --out runs/ended`, { during: stopWith('SIGTERM') });
    expect(ended.code).toBe(143);
    expect(ended.err).toContain('Stopped and saved in runs/ended.');
  });
});

describe('a run to go on with', () => {
  const long = `${SMALL} --epochs 8 --json --checkpoint-every 5steps --keep-checkpoints 4`;
  const killAfter = (step: number) => {
    let sent = false;
    return (child: { kill(signal: NodeJS.Signals): boolean }, written: string) => {
      if (!sent && written.includes(`"globalStep":${step},`)) sent = child.kill('SIGKILL');
    };
  };

  test('whose newest checkpoint was changed goes on from the one before, says so by name, and ends the same', async () => {
    await run(`train ${long} --out runs/torn`, { during: killAfter(40) });
    const checkpoints = join(folder, 'runs/torn/checkpoints');
    const names = readdirSync(checkpoints).filter(name => name.startsWith('step-'));
    const newest = names.sort().at(-1)!;
    writeFileSync(join(checkpoints, newest, 'optimizer.safetensors'), 'torn');
    const resumed = await run('train --resume runs/torn --json');
    expect(resumed.code).toBe(0);
    expect(resumed.err).toMatch(
      new RegExp(
        `${newest}/optimizer\\.safetensors: its SHA-256 is [0-9a-f]{64}, and SHA256SUMS says [0-9a-f]{64}: it was cut short or changed`,
      ),
    );
    expect(resumed.err).toContain(`It is now called damaged-${newest}\nThe one before is used: ${names.sort().at(-2)}\n`);
    const whole = await run(`train ${long} --out runs/untorn`);
    const last = (outcome: Outcome) => jsonLines(outcome.out).find(event => event.type === 'evaluation');
    expect(last(resumed)).toEqual(last(whole));
    const again = await run('train --resume runs/torn');
    expectComplaint(again, 2, /--resume: runs\/torn has done all its 8 epochs\. To train longer, give --epochs with a number above 8/);
  });

  test('is refused while another process trains into it', async () => {
    let second: Promise<Outcome> | undefined;
    const first = await run(`train ${SMALL} --epochs 300 --json --out runs/busy`, {
      during: (child, written) => {
        if (second !== undefined || !written.includes('"checkpoint"')) return;
        second = run('train --resume runs/busy').finally(() => child.kill('SIGINT'));
      },
    });
    expect(first.code).toBe(130);
    expectComplaint(await second!, 1, /runs\/busy: process \d+ trains into this folder, since .*; two at once would spoil the run/);
    expect(existsSync(join(folder, 'runs/busy/run.lock'))).toBe(false);
  });
});

test('without MNIST, a network or a folder, it trains on the embedded digits and says so first and last', async () => {
  const { code, out } = await run('train --epochs 1 --limit 300 --hidden 8 --out runs/instead');
  expect(code).toBe(0);
  expect(out).toMatch(
    /^MNIST is not on this machine and could not be downloaded:\n.*http:\/\/127\.0\.0\.1:9\/train-images-idx3-ubyte\.gz: /s,
  );
  expect(out).toMatch(/--data DIR, or .*CHAINRULE_DATA/);
  expect(out).toContain('Training on the embedded digits instead.');
  expect(out.slice(out.lastIndexOf('Test: '))).toContain('These figures are of the embedded digits, drawn by a program, and not of MNIST');
  expect(JSON.parse(readFileSync(join(folder, 'runs/instead/experiment.json'), 'utf8')).data.name).toBe('digits');
});

test('runs are numbered, and help and version are there', async () => {
  expect((await run(`train ${SMALL} --epochs 0 --quiet`)).code).toBe(0);
  expect(readdirSync(join(folder, 'runs')).filter(name => /^digits-\d$/.test(name)).length).toBeGreaterThan(1);
  expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = await run('train --help');
  expect(help.code).toBe(0);
  expect(help.out).toMatch(/--lr <N> +learning rate \(default/);
  expect(help.out).toContain('Examples:');
});

test('a reader who has seen enough ends it in silence', async () => {
  const { code, err } = await run('datasets show digits --n 400', { during: child => child.stdout!.destroy() });
  expect(err).toBe('');
  expect(code).toBe(0);
});

describe('a run with a further task', () => {
  test('is trained, measured again to the same figures, and asked about the class', async () => {
    const trained = await run(
      `train ${SMALL} --epochs 2 --out runs/tasks --task even:0.5=0,2,4,6,8|1,3,5,7,9 --task low=0,1,2,3,4|5,6,7,8,9`,
    );
    expect(trained.code).toBe(0);
    expect(trained.out).toContain('784-16-10+2+2 relu');
    const tested = /^Test: loss [\d.]+, accuracy [\d.]+ %, even_accuracy [\d.]+ %, low_accuracy [\d.]+ % \(\d+ of 200 wrong\)$/m;
    const [line] = tested.exec(trained.out)!;
    const again = await run('evaluate runs/tasks');
    expect(again.out).toContain(line);
    expect(again.out).toContain('Most mistaken');
    writeFileSync(
      join(folder, 'digit.idx'),
      new Uint8Array([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28, ...new Uint8Array(784).fill(9)]),
    );
    const [{ probabilities }] = jsonLines((await run('predict runs/tasks digit.idx --json')).out) as { probabilities?: object }[];
    const values = Object.values(probabilities!) as number[];
    expect(values.length).toBe(10);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  test('that leaves a class out is refused before anything is written', async () => {
    expectComplaint(
      await run(`train ${SMALL} --out runs/none --task even=0,2,4,6,8|1,3,5,7`),
      2,
      /--task: 'even' leaves out class 9; every/,
    );
    expectComplaint(await run(`train ${SMALL} --task even`), 2, /--task: even was given; it must be NAME=CLASSES\|CLASSES/);
    expect(existsSync(join(folder, 'runs/none'))).toBe(false);
  });
});
