/** A run taken up from a checkpoint equals an uninterrupted one, bit for bit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/index.ts';
import { BatchNorm1d, Linear, type Module, ReLU, Sequential } from '../nn/index.ts';
import { Adam } from '../optim/index.ts';
import { Random } from '../random.ts';
import { makeSchedule, type ScheduleOptions, Scheduler } from '../schedule/index.ts';
import { EarlyStopping } from './callbacks/early-stopping.ts';
import { ModelCheckpoint } from './callbacks/model-checkpoint.ts';
import type { CheckpointStore } from './checkpoint.ts';
import type { TrainEvent } from './events.ts';
import { RunFolder } from './node/run-folder.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { type FitOptions, Trainer } from './trainer.ts';

let folder = '';
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const epochs = 4;
const steps = 6;
const cosine: ScheduleOptions = { name: 'cosine' };
/** One with a state: a loss that falls is no improvement here, so the rate goes down after the second epoch. */
const plateau: ScheduleOptions = { name: 'plateau', mode: 'max', patience: 0, cooldown: 9, factor: 0.5 };
const data = blobs(90);
const validation = blobs(30, 2);

/** A trainer with everything that has a state: dropout, Adam, shuffling, augmentation, a schedule, early stopping. */
function trainer(
  store: CheckpointStore | null,
  seed: number,
  more: Partial<FitOptions> = {},
  schedule: ScheduleOptions = cosine,
): { trainer: Trainer; model: Module; events: TrainEvent[] } {
  const model = smallNet(seed);
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  const events: TrainEvent[] = [];
  const made = new Trainer(model, {
    train: data,
    validation,
    loss: crossEntropy,
    optimizer,
    scheduler: new Scheduler(optimizer, makeSchedule(schedule, { totalSteps: epochs * steps, totalEpochs: epochs })),
    epochs,
    batchSize: 16,
    random: new Random(seed),
    transform: (batch, stream) => {
      for (let i = 0; i < batch.x.length; i++) batch.x[i] += 0.1 * stream.normal();
    },
    callbacks: [new EarlyStopping({ patience: 9 }), ...(store === null ? [] : [new ModelCheckpoint(store)])],
    onEvent: e => events.push(e),
    ...more,
  });
  return { trainer: made, model, events };
}

/** The figures told, without the times. */
const figures = (events: TrainEvent[]) =>
  events.flatMap(e =>
    e.type === 'batchEnd' ? [[e.globalStep, e.loss, e.lr, { ...e.logs }]] : e.type === 'epochEnd' ? [[e.epoch, { ...e.logs }]] : [],
  );

/** Stops after `stopAt` steps and goes on in a new trainer, of which nothing but the folder is known. */
async function interrupted(
  stopAt: number,
  schedule: ScheduleOptions,
): Promise<{ model: Module; events: TrainEvent[]; history: unknown; optimizer: number[] }> {
  const path = join(folder, `run-${made++}`);
  const controller = new AbortController();
  const first = trainer(await RunFolder.create(path, {}), 5, { signal: controller.signal }, schedule);
  const { onEvent } = first.trainer.options;
  const stopping = new Trainer(first.model, {
    ...first.trainer.options,
    onEvent: e => {
      onEvent?.(e);
      if (e.type === 'batchEnd' && e.globalStep === stopAt) controller.abort();
    },
  });
  expect((await stopping.run()).reason).toBe('interrupted');

  const run = await RunFolder.open(path);
  const second = trainer(run, 1234, {}, schedule); // another seed: all must come from the checkpoint
  second.trainer.restore(await run.load());
  expect(second.trainer.globalStep).toBe(stopAt);
  const history = await second.trainer.run();
  const optimizer = [...second.trainer.checkpoint().optimizer.values()].flatMap(t => [...('values' in t ? t.values : t.toArray())]);
  return { model: second.model, events: [...first.events, ...second.events], history: history.epochs, optimizer };
}

describe('a resumed run', () => {
  it.each<[string, number, ScheduleOptions]>([
    ['at the first step', 1, cosine],
    ['in mid-epoch', 9, cosine],
    ['at the end of an epoch', 12, cosine],
    ['at the last step but one', epochs * steps - 1, cosine],
    ['after its schedule reacted', 15, plateau],
  ])('equals an uninterrupted one, stopped %s', async (_, stopAt, schedule) => {
    const whole = trainer(null, 5, {}, schedule);
    const { epochs: history } = await whole.trainer.run();
    const parts = await interrupted(stopAt, schedule);
    expect(bits(parts.model)).toEqual(bits(whole.model));
    expect(figures(parts.events)).toEqual(figures(whole.events));
    expect(parts.history).toEqual(history);
    expect(parts.optimizer).toEqual(
      [...whole.trainer.checkpoint().optimizer.values()].flatMap(t => [...('values' in t ? t.values : t.toArray())]),
    );
  });

  it('does not forget that early stopping decided, when the signal comes with the last step of that epoch', async () => {
    const options = () => ({ callbacks: [new EarlyStopping({ monitor: 'loss', mode: 'max', patience: 1 })] });
    const whole = trainer(null, 5, options());
    expect((await whole.trainer.run()).reason).toBe('earlyStopping');
    const controller = new AbortController();
    const path = join(folder, `run-${made++}`);
    const run = await RunFolder.create(path, {});
    const callbacks = [...options().callbacks, new ModelCheckpoint(run)];
    const first = trainer(run, 5, { callbacks, signal: controller.signal });
    const { onEvent } = first.trainer.options;
    const aborting = (e: TrainEvent): void => {
      onEvent?.(e);
      if (e.type === 'batchEnd' && e.globalStep === 2 * steps) controller.abort();
    };
    expect((await new Trainer(first.model, { ...first.trainer.options, onEvent: aborting }).run()).reason).toBe('earlyStopping');
    expect(bits(first.model)).toEqual(bits(whole.model));
    expect((await run.load()).state.stopping).toMatchObject({ reason: 'earlyStopping' });
  });

  it('restores the best weights that an earlier part found', async () => {
    const path = join(folder, `run-${made++}`);
    const run = await RunFolder.create(path, {});
    const stopper = () => new EarlyStopping({ monitor: 'accuracy', patience: 1 });
    const options = (callback: EarlyStopping) => ({ callbacks: [callback, new ModelCheckpoint(run)] });
    const first = trainer(run, 5, options(stopper()));
    await new Trainer(first.model, { ...first.trainer.options, epochs: 1 }).run();
    const best = bits(first.model);

    const callback = stopper();
    const second = trainer(run, 5, options(callback));
    second.trainer.restore(await run.load());
    expect([callback.best, callback.bestEpoch]).toEqual([second.trainer.history[0].accuracy, 1]);
    callback.best = 2; // from here on nothing improves
    await second.trainer.run();
    expect(second.trainer.epoch).toBe(2);
    expect(bits(second.model)).toEqual(best);
  });
});

describe('a checkpoint of something else', () => {
  it('is refused in clear words, and the model left as it was', async () => {
    const run = await RunFolder.create(join(folder, `run-${made++}`), {});
    const { trainer: source } = trainer(run, 5, { epochs: 1 });
    await source.run();
    const checkpoint = await run.load();
    const other = new Sequential(new Linear(2, 8), new ReLU(), new BatchNorm1d(8), new Linear(8, 3));
    const before = bits(other);
    const into = new Trainer(other, { train: data, loss: crossEntropy, optimizer: new Adam(other.parameters()) });
    expect(() => into.restore(checkpoint)).toThrow(
      new UserError(
        "loadStateDict: the state is of another model: '0.weight' is [16, 2] there and [8, 2] in the model; '0.bias' is [16] there and [8] in the model; '2.weight' [8] is missing; '2.bias' [8] is missing; '2.running_mean' [8] is missing; '2.running_var' [8] is missing; and 2 more",
      ),
    );
    expect(bits(other)).toEqual(before);
  });

  it('of other data is refused', async () => {
    const run = await RunFolder.create(join(folder, `run-${made++}`), {});
    const controller = new AbortController();
    const first = trainer(run, 5, { signal: controller.signal });
    controller.abort();
    await first.trainer.run();
    const checkpoint = await run.load();
    const smaller = trainer(null, 5, { train: blobs(3), batchSize: 3 });
    smaller.trainer.restore(checkpoint); // one step done of one
    const past = { ...checkpoint, state: { ...checkpoint.state, loader: { epoch: 0, position: 2 } } };
    expect(() => smaller.trainer.restore(past)).toThrow(
      'DataLoader: the saved position is 2, but an epoch here has 1 batches; the dataset or the batch size is not the one of the saved run',
    );
  });
});
