import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { expectComplaint, place } from './command.ts';

const { folder, run } = place();
// Products of 64 x 784 x 64 are large enough to be shared out.
const RUN = 'digits --digits-train 600 --test 200 --validation 100 --hidden 64 --batch-size 64 --epochs 3';

test('train and evaluate give the same bits with any number of threads, which the run keeps', async () => {
  const weights: Buffer[] = [];
  for (const threads of [1, 3]) {
    const { code, err } = await run(`train ${RUN} --threads ${threads} --out with-${threads}`);
    expect([code, err]).toEqual([0, '']);
    const { backend } = JSON.parse(readFileSync(join(folder, `with-${threads}`, 'run.json'), 'utf8'));
    expect(backend).toMatchObject({ name: 'wasm', threads });
    weights.push(readFileSync(join(folder, `with-${threads}/checkpoints/step-00000024/model.safetensors`)));
  }
  expect(weights[0].equals(weights[1])).toBe(true);
  const figures = (text: string): unknown => ({ ...JSON.parse(text), run: '' });
  const [one, three] = [await run('evaluate with-3 --threads 1 --json'), await run('evaluate with-3 --threads 3 --json')];
  expect(one.code).toBe(0);
  expect(figures(one.out)).toEqual(figures(three.out));
});

test('CHAINRULE_THREADS says how many unless --threads does', async () => {
  const env = { CHAINRULE_THREADS: '2' };
  const threadsOf = (out: string): unknown => JSON.parse(out.split('\n').find(line => line.includes('"trainBegin"'))!).backend.threads;
  expect(threadsOf((await run('train digits --limit 100 --epochs 1 --json', { env })).out)).toBe(2);
  expect(threadsOf((await run('train digits --limit 100 --epochs 1 --json --threads 3', { env })).out)).toBe(3);
});

test.each(['0', '1.5', '65', 'many'])('%s is refused as a number of threads', async count => {
  const message = `is ${count}; it must be a whole number from 1 to 64`;
  expectComplaint(await run(`train digits --threads ${count}`), 2, `--threads ${message}`);
  expectComplaint(await run(`evaluate nowhere --threads ${count}`), 2, `--threads ${message}`);
  expectComplaint(
    await run('train digits --limit 100 --epochs 1', { env: { CHAINRULE_THREADS: count } }),
    1,
    `CHAINRULE_THREADS ${message}`,
  );
});

test('threads that were at work do not keep a program from its end', async () => {
  const program = `
    import { randn, setThreads } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    setThreads(3);
    const a = randn([256, 256]);
    for (let i = 0; i < 20; i++) {
      a.matmul(a);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    process.on('exit', () => console.log('ended'));`;
  // Threads end by themselves after 30 s: within 25 s it is the program that has ended.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 55_000 });
  expect(stdout).toBe('ended\n');
});
