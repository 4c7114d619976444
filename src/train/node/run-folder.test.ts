import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import { tensor } from '../../tensor/create.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import { checkpointFiles } from './checkpoint-files.ts';
import { RunFolder } from './run-folder.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'run-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const path = (...parts: string[]) => join(root, 'run', ...parts);
const create = (keepLast = 2) => RunFolder.create(path(), { version: 1 }, { keepLast });

/** The first number of the weight in a checkpoint. */
async function weight(run: RunFolder, which: 'latest' | 'best' = 'latest'): Promise<number> {
  const stored = (await run.load(which)).model.get('0.weight')!;
  return 'values' in stored ? (stored.values as Float32Array)[0] : Number.NaN;
}

const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

function checkpoint(globalStep: number, weight = globalStep): Checkpoint {
  const streams = { dropout: { position: 0, keys: globalStep } };
  return {
    state: {
      ...{ format: 2, epoch: 1, globalStep, loader: { epoch: 1, position: 0 }, running: { samples: 0, sums: {} } },
      ...{
        random: { seed: 1, streams },
        optimizer: { groups: [], numbers: {} },
        scheduler: null,
        callbacks: {},
        history: [{ loss: 0.1 + weight }],
        stopping: null,
      },
    },
    model: new Map([['0.weight', tensor([[weight, 2]])]]),
    optimizer: new Map([['0.exp_avg', { shape: [2], values: Float32Array.of(3, 4) }]]),
    callbacks: new Map(),
  };
}

describe('a run folder', () => {
  it('keeps its experiment and any JSON, and refuses a folder that is not empty, touching nothing', async () => {
    const run = await create();
    expect(await run.readJson('experiment.json')).toEqual({ version: 1 });
    expect(await run.readJson('run.json')).toBeNull();
    const before = await readdir(path());
    await expect(RunFolder.create(path(), { version: 2 })).rejects.toThrow(
      new UserError(`${path()}: the folder is not empty, and a run never writes over another. Choose another --out, or remove it yourself`),
    );
    expect([await readdir(path()), await run.readJson('experiment.json')]).toEqual([before, { version: 1 }]);
  });

  it('is made in an empty folder, and with the folders on the way', async () => {
    await mkdir(path());
    await create();
    await RunFolder.create(join(root, 'a', 'b'), {});
    expect(await readdir(join(root, 'a', 'b'))).toEqual(['checkpoints', 'experiment.json']);
  });

  it('cannot be made where a file is', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(RunFolder.create(join(root, 'file'), {})).rejects.toThrow(
      new UserError(`cannot write ${join(root, 'file')}: it already exists. Choose another place, or mend that one`),
    );
    await expect(RunFolder.create(join(root, 'file', 'x'), {})).rejects.toThrow(
      `cannot write ${join(root, 'file', 'x')}: a part of the path is a file, not a folder.`,
    );
  });

  it.skipIf(process.getuid?.() === 0)('cannot be made without permission', async () => {
    await chmod(root, 0o500);
    await expect(create()).rejects.toThrow(`cannot write ${path()}: permission was denied.`);
    await chmod(root, 0o700);
  });

  it('is opened only where one is', async () => {
    await expect(RunFolder.open(path())).rejects.toThrow(
      new UserError(`${path()}: there is no such folder; a run folder, as 'chainrule train --out' makes it, was expected`),
    );
    await expect(RunFolder.open(root)).rejects.toThrow(new UserError(`${root}: not a run folder: it has no experiment.json`));
    await writeFile(join(root, 'file'), '');
    await expect(RunFolder.open(join(root, 'file'))).rejects.toThrow(`${join(root, 'file')}: it is a file, not a folder; a run folder`);
    await create();
    await writeFile(path('experiment.json'), '{"ver');
    await expect((await RunFolder.open(path())).readJson('experiment.json')).rejects.toThrow(
      /experiment\.json: not JSON \(.*; the file is damaged/,
    );
  });
});

describe('checkpoints', () => {
  it('are read as they were written', async () => {
    const run = await create();
    const given = checkpoint(7);
    expect(await run.save(given, false)).toEqual({ name: 'step-00000007', path: path('checkpoints', 'step-00000007') });
    const back = await run.load();
    expect(back.name).toBe('step-00000007');
    expect(back.state).toEqual(given.state);
    expect([...back.model]).toEqual([['0.weight', { shape: [1, 2], values: Float32Array.of(7, 2) }]]);
    expect([...back.optimizer]).toEqual([...given.optimizer]);
  });

  it('the last few are kept, and the best', async () => {
    const run = await create(2);
    for (const i of [1, 2, 3, 4, 5]) await run.save(checkpoint(i), i === 2);
    expect(await run.checkpoints()).toEqual(['step-00000002', 'step-00000004', 'step-00000005']);
    expect([(await run.load()).name, (await run.load('best')).name]).toEqual(['step-00000005', 'step-00000002']);
  });

  it('best is the newest where no figure was watched; none at all is said', async () => {
    const run = await create();
    await expect(run.load()).rejects.toThrow(new UserError(`${path()}: the run has no complete checkpoint yet`));
    await run.save(checkpoint(3), false);
    expect((await run.load('best')).name).toBe('step-00000003');
  });

  it('the same step once more: the same is not written twice, other weights get a name of their own', async () => {
    const run = await create();
    await run.save(checkpoint(3), false);
    await run.save(checkpoint(3), false);
    expect(await run.checkpoints()).toEqual(['step-00000003']);
    await run.save(checkpoint(3), true);
    expect(await run.checkpoints()).toEqual(['step-00000003']);
    expect((await run.save(checkpoint(3, 9), false)).name).toBe('step-00000003-end');
    expect(await weight(run)).toBe(9);
    // a third time, as after going on from the best: what is saved is what is loaded
    await run.save(checkpoint(3, 11), true);
    expect(await weight(run)).toBe(11);
    expect(await weight(run, 'best')).toBe(11);
  });

  it('are checked by sha256sum too', async () => {
    const { path: folder } = await (await create()).save(checkpoint(1), false);
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
    const names = sums
      .trim()
      .split('\n')
      .map(line => line.slice(66));
    expect(names).toEqual(['model.safetensors', 'optimizer.safetensors', 'callbacks.safetensors', 'state.json']);
    for (const [i, name] of names.entries()) expect(sums.split('\n')[i]).toBe(`${await sha256(join(folder, name))}  ${name}`);
  });

  it.each(['model.safetensors', 'optimizer.safetensors', 'callbacks.safetensors', 'state.json'])(
    'a change of one byte of %s is found',
    async name => {
      const run = await create();
      const saved = await run.save(checkpoint(1), false);
      const file = join(saved.path, name);
      const before = await sha256(file);
      const bytes = await readFile(file);
      bytes[bytes.length - 1] ^= 1;
      const refusal = async () =>
        `${file}: its SHA-256 is ${await sha256(file)}, and SHA256SUMS says ${before}: it was cut short or changed. Use another checkpoint`;
      for (const content of [bytes, bytes.subarray(0, 10), '']) {
        await writeFile(file, content);
        await expect(run.load()).rejects.toThrow(new UserError(await refusal()));
      }
      await rm(file);
      await expect(run.load()).rejects.toThrow(new UserError(`${file}: there is no such file; the checkpoint is not complete`));
    },
  );

  it.each<[string, string | null, RegExp]>([
    ['that is not there', null, /SHA256SUMS: there is no such file; the checkpoint is not complete$/],
    ['of something else', 'hello\n', /SHA256SUMS: not a list of SHA-256 sums; the checkpoint is damaged\. Use another one$/],
    ['that leaves one out', `${'0'.repeat(64)}  other\n`, /SHA256SUMS: the hash of state\.json is missing; the checkpoint is damaged$/],
  ])('a list of sums %s is refused', async (_, content, message) => {
    const run = await create();
    const saved = await run.save(checkpoint(1), false);
    const file = join(saved.path, 'SHA256SUMS');
    if (content === null) await rm(file);
    else await writeFile(file, content);
    await expect(run.load()).rejects.toThrow(message);
  });

  it('of format 1, whose hashes are in its state, are still read', async () => {
    const run = await create();
    const saved = await run.save(checkpoint(1), false);
    const [model, optimizer, callbacks] = await Promise.all(
      ['model', 'optimizer', 'callbacks'].map(part => sha256(join(saved.path, `${part}.safetensors`))),
    );
    const { stopping: _, ...state } = checkpoint(1).state;
    const sha = { 'model.safetensors': model, 'optimizer.safetensors': optimizer, 'callbacks.safetensors': callbacks };
    const old = { ...state, format: 1, history: [{ loss: 1, val_loss: null }], sha256: sha };
    await rm(join(saved.path, 'SHA256SUMS'));
    await writeFile(join(saved.path, 'state.json'), JSON.stringify(old));
    expect((await run.load()).state).toEqual({ ...checkpoint(1).state, history: [{ loss: 1, val_loss: Number.NaN }] });
    await writeFile(join(saved.path, 'state.json'), JSON.stringify({ ...old, sha256: { ...sha, 'model.safetensors': optimizer } }));
    await expect(run.load()).rejects.toThrow(/model\.safetensors: its SHA-256 is .*, and state\.json says .*: it was cut short or changed/);
  });

  it.each<[string, (state: Record<string, unknown>) => unknown, RegExp]>([
    [
      'cut short',
      state => JSON.stringify(state).slice(0, 40),
      /state\.json: not JSON \(.*\); the checkpoint is damaged\. Use another one$/,
    ],
    [
      'of another format',
      state => JSON.stringify({ ...state, format: 3 }),
      /state\.json: format 3 was found; this chainrule reads formats 1 and 2$/,
    ],
    ['not an object', () => 'null', /state\.json: format undefined was found; this chainrule reads formats 1 and 2$/],
    [
      'of format 1 without hashes',
      state => JSON.stringify({ ...state, format: 1 }),
      /state\.json: the hashes of the other files are missing; the checkpoint is damaged$/,
    ],
    [
      'with another reason to stop',
      state => JSON.stringify({ ...state, stopping: { reason: 'interrupted', message: '' } }),
      /state\.json: 'stopping' is missing or not what it should be; the checkpoint is damaged\. Use another one$/,
    ],
    [
      'without position',
      state => JSON.stringify({ ...state, loader: undefined }),
      /state\.json: 'loader' is missing or not what it should be; the checkpoint is damaged\. Use another one$/,
    ],
    [
      'with a text as step',
      state => JSON.stringify({ ...state, globalStep: '7' }),
      /state\.json: 'globalStep' is missing or not what it should be/,
    ],
    [
      'without streams',
      state => JSON.stringify({ ...state, random: { seed: 1 } }),
      /state\.json: 'random' is missing or not what it should be/,
    ],
  ])('a state %s is refused', async (_, edit, message) => {
    const run = await create();
    const saved = await run.save(checkpoint(1), false);
    const file = join(saved.path, 'state.json');
    await writeFile(file, edit(JSON.parse(await readFile(file, 'utf8'))) as string);
    // as if it had been written so
    const sums = join(saved.path, 'SHA256SUMS');
    const lines = (await readFile(sums, 'utf8')).split('\n').filter(line => !line.endsWith('state.json'));
    await writeFile(sums, [`${await sha256(file)}  state.json`, ...lines].join('\n'));
    await expect(run.load()).rejects.toThrow(message);
    await expect(run.load()).rejects.toBeInstanceOf(UserError);
  });

  it('numbers that are not finite come back as they were', async () => {
    const run = await create();
    const { state, ...rest } = checkpoint(1);
    const odd = {
      ...state,
      history: [{ loss: 1, val_loss: Number.NaN }],
      running: { samples: 1, sums: { loss: Number.NEGATIVE_INFINITY } },
      callbacks: { a: { best: Number.POSITIVE_INFINITY } },
    };
    await run.save({ ...rest, state: odd }, false);
    expect((await run.load()).state).toEqual(odd);
  });

  it('a pointer that names no checkpoint is refused, and leads nowhere else', async () => {
    const run = await create();
    await run.save(checkpoint(1), false);
    await writeFile(path('checkpoints', 'latest'), '../../elsewhere\n');
    await expect(run.load()).rejects.toThrow(
      new UserError(`${path('checkpoints', 'latest')}: it should name a checkpoint such as step-00000430; it holds "../../elsewhere"`),
    );
  });
});

describe('a crash', () => {
  it('while a checkpoint is written leaves the one before as latest', async () => {
    const run = await create();
    await run.save(checkpoint(1), false);
    // what is there when power fails before the rename: a temporary folder, half filled
    const half = path('checkpoints', '.step-00000002.0000.tmp');
    await mkdir(half);
    await writeFile(join(half, 'model.safetensors'), 'half');
    const again = await RunFolder.open(path());
    expect([(await again.load()).name, await again.checkpoints()]).toEqual(['step-00000001', ['step-00000001']]);
    await again.save(checkpoint(2), false);
    expect((await again.load()).name).toBe('step-00000002');
  });

  it('between the rename and the new latest leaves the one before as latest, and its checkpoint there', async () => {
    const run = await create(1);
    await run.save(checkpoint(1), false);
    await writeFolderAtomic(path('checkpoints', 'step-00000002'), checkpointFiles(checkpoint(2)));
    const again = await RunFolder.open(path(), { keepLast: 1 });
    expect((await again.load()).name).toBe('step-00000001');
    await again.save(checkpoint(2), false); // the same step, done again: taken as it is
    expect([(await again.load()).name, await again.checkpoints()]).toEqual(['step-00000002', ['step-00000002']]);
  });

  it('between the new latest and the new best: going on marks the best', async () => {
    const run = await create();
    await run.save(checkpoint(1), true);
    await run.save(checkpoint(2), true);
    await writeFile(path('checkpoints', 'best'), 'step-00000001\n');
    expect((await run.recover()).checkpoint.name).toBe('step-00000002');
    expect((await run.load('best')).name).toBe('step-00000002');
  });

  it('leaves temporary files, which going on clears away', async () => {
    const run = await create();
    await run.save(checkpoint(1), false);
    await mkdir(path('checkpoints', '.step-00000002.0000.tmp'));
    await writeFile(path('.run.json.0000.tmp'), '{');
    await run.recover();
    expect(await readdir(path())).toEqual(['checkpoints', 'experiment.json']);
    expect(await readdir(path('checkpoints'))).toEqual(['latest', 'step-00000001']);
  });

  it('while a file is written leaves the file as it was', async () => {
    const file = join(root, 'a.json');
    await writeFileAtomic(file, 'old');
    await expect(writeFileAtomic(file, { toString: 1 } as never)).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(root)).toEqual(['a.json']);
  });

  it('while a folder is written leaves nothing', async () => {
    await expect(writeFolderAtomic(join(root, 'f'), { good: 'x', bad: { toString: 1 } as never })).rejects.toThrow();
    expect(await readdir(root)).toEqual([]);
    await writeFolderAtomic(join(root, 'f'), { good: 'x' });
    await expect(writeFolderAtomic(join(root, 'f'), { good: 'y' })).rejects.toThrow(
      new UserError(`cannot write ${join(root, 'f')}: it already exists. Choose another place, or mend that one`),
    );
    expect(await readFile(join(root, 'f', 'good'), 'utf8')).toBe('x');
    expect(await readdir(root)).toEqual(['f']);
  });

  it('a missing folder is said in words', async () => {
    await expect(writeFileAtomic(join(root, 'no', 'a'), '')).rejects.toThrow(
      new UserError(`cannot write ${join(root, 'no', 'a')}: the folder does not exist. Choose another place, or mend that one`),
    );
  });
});

describe('going on from what is whole', () => {
  it('a newer checkpoint that was torn or edited is set aside, and the one before it used', async () => {
    const run = await create(3);
    for (const i of [1, 2, 3]) await run.save(checkpoint(i), i === 3);
    await writeFile(path('checkpoints', 'step-00000003', 'model.safetensors'), 'torn');
    const state = path('checkpoints', 'step-00000002', 'state.json');
    await writeFile(state, (await readFile(state, 'utf8')).replace('"globalStep": 2', '"globalStep": 9'));
    const { checkpoint: found, damaged } = await run.recover();
    expect(found.name).toBe('step-00000001');
    expect(damaged.map(({ name, movedTo, message }) => [name, movedTo, message.replace(/[0-9a-f]{64}/g, '#')])).toEqual([
      [
        'step-00000003',
        'damaged-step-00000003',
        `${path('checkpoints', 'step-00000003', 'model.safetensors')}: its SHA-256 is #, and SHA256SUMS says #: it was cut short or changed. Use another checkpoint`,
      ],
      [
        'step-00000002',
        'damaged-step-00000002',
        `${state}: its SHA-256 is #, and SHA256SUMS says #: it was cut short or changed. Use another checkpoint`,
      ],
    ]);
    expect(await run.checkpoints()).toEqual(['step-00000001']);
    expect((await run.load()).name).toBe('step-00000001');
    // best named one that was set aside
    expect((await run.load('best')).name).toBe('step-00000001');
    // the step comes again, and is damaged again
    await run.save(checkpoint(3), true);
    expect((await run.load('best')).name).toBe('step-00000003');
    await rm(path('checkpoints', 'step-00000003', 'SHA256SUMS'));
    expect((await run.recover()).damaged[0].movedTo).toBe('damaged-step-00000003-2');
  });

  it('where none is whole, each is named', async () => {
    const run = await create();
    await expect(run.recover()).rejects.toThrow(new UserError(`${path()}: the run has no complete checkpoint yet`));
    for (const i of [1, 2]) await run.save(checkpoint(i), false);
    for (const i of [1, 2]) await rm(path('checkpoints', `step-0000000${i}`, 'model.safetensors'));
    const missing = (i: number) =>
      `${path('checkpoints', `step-0000000${i}`, 'model.safetensors')}: there is no such file; the checkpoint is not complete`;
    await expect(run.recover()).rejects.toThrow(
      new UserError(`${path()}: none of its checkpoints can be used\n${missing(2)}\n${missing(1)}`),
    );
    expect(await run.checkpoints()).toHaveLength(2);
  });

  it('goes by the step and by how often it was saved, not by the alphabet', async () => {
    const run = await create(50);
    for (let i = 0; i < 12; i++) await run.save(checkpoint(3, i), false);
    expect((await run.checkpoints()).at(-1)).toBe('step-00000003-end-11');
    expect((await run.recover()).checkpoint.name).toBe('step-00000003-end-11');
  });
});
