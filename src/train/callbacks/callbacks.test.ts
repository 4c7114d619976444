import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import { crossEntropy } from '../../loss/index.ts';
import { SGD } from '../../optim/index.ts';
import type { Checkpoint, CheckpointStore } from '../checkpoint.ts';
import type { Logs, TrainEvent } from '../events.ts';
import { bits, blobs, smallNet } from '../testing.ts';
import { fit, type History, Trainer } from '../trainer.ts';
import type { Callback } from './callback.ts';
import { EarlyStopping, type EarlyStoppingConfig } from './early-stopping.ts';
import { ModelCheckpoint } from './model-checkpoint.ts';

interface Run {
  readonly history: History;
  readonly events: TrainEvent[];
  /** The weights after each epoch, and at the end. */
  readonly weights: number[][];
  readonly final: number[];
}

/** Trains a little net for as many epochs as there are figures, and tells callbacks these figures in place of the measured ones. */
async function run(figures: readonly Logs[], callbacks: readonly Callback[]): Promise<Run> {
  const model = smallNet(1);
  const events: TrainEvent[] = [];
  const weights: number[][] = [];
  const script: Callback = {
    onEpochEnd(epoch, logs) {
      for (const key of Object.keys(logs)) delete logs[key];
      Object.assign(logs, figures[epoch - 1]);
      weights.push(bits(model));
    },
  };
  const trainer = new Trainer(model, {
    ...{ train: blobs(12), loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr: 0.1 }), epochs: figures.length },
    ...{ callbacks: [script, ...callbacks], onEvent: e => events.push(e) },
  });
  const history = await trainer.run();
  return { history, events, weights, final: bits(model) };
}

const losses = (...list: number[]): Logs[] => list.map(val_loss => ({ val_loss }));

describe('EarlyStopping', () => {
  const stopsAfter = async (figures: Logs[], config: EarlyStoppingConfig): Promise<number> =>
    (await run(figures, [new EarlyStopping(config)])).weights.length;

  it.each<[string, number[], EarlyStoppingConfig, number]>([
    ['patience 1 stops after the first epoch without improvement', [3, 2, 2.5, 1], { patience: 1 }, 3],
    ['patience 0 is as 1', [3, 2, 2.5, 1], { patience: 0 }, 3],
    ['patience 2 bears one', [3, 2, 2.5, 1, 2, 2], { patience: 2 }, 6],
    ['an equal figure is no improvement', [3, 3, 3, 3], { patience: 2 }, 3],
    ['a change within minDelta is none', [3, 2.9, 2.8, 2.7], { patience: 2, minDelta: 0.5 }, 3],
    ['small changes add up against the best', [3, 2.8, 2.4, 2.2, 1.8], { patience: 2, minDelta: 0.5 }, 5],
    ['NaN is never an improvement', [Number.NaN, Number.NaN, 1], { patience: 2 }, 2],
    ['all epochs run while it improves', [5, 4, 3, 2], { patience: 1 }, 4],
    ['mode max: larger is better', [1, 2, 3, 2, 2], { patience: 2, mode: 'max' }, 5],
  ])('%s', async (_, list, config, epochs) => {
    expect(await stopsAfter(losses(...list), config)).toBe(epochs);
  });

  it('auto goes up for accuracy', async () => {
    const figures = [0.5, 0.6, 0.55, 0.54, 0.7].map(val_accuracy => ({ val_accuracy }));
    expect(await stopsAfter(figures, { monitor: 'val_accuracy', patience: 2 })).toBe(4);
  });

  it('says why it stopped', async () => {
    const { history, events } = await run(losses(3, 2, 2.5, 2.6, 1), [new EarlyStopping({ patience: 2 })]);
    expect(history.reason).toBe('earlyStopping');
    expect(events.at(-1)).toMatchObject({
      reason: 'earlyStopping',
      message: 'val_loss has not improved for 2 epochs; its best was 2.0000 after epoch 2',
    });
    const never = await run(losses(Number.NaN, 1), [new EarlyStopping({ patience: 1 })]);
    expect(never.events.at(-1)).toMatchObject({ message: 'val_loss has not improved for 1 epoch; it was never a number' });
  });

  it('goes back to the best weights, also when all epochs ran, unless told not to', async () => {
    const early = await run(losses(3, 1, 2, 2, 2), [new EarlyStopping({ patience: 2 })]);
    expect(early.final).toEqual(early.weights[1]);
    const completed = await run(losses(3, 1, 2, 2), [new EarlyStopping({ patience: 9 })]);
    expect([completed.history.reason, completed.final]).toEqual(['completed', completed.weights[1]]);
    const last = await run(losses(3, 1, 2, 2), [new EarlyStopping({ patience: 9, restoreBestWeights: false })]);
    expect(last.final).toEqual(last.weights[3]);
  });

  it('an unknown figure is an error that lists those there are', async () => {
    await expect(run([{ loss: 1, val_loss: 2 }], [new EarlyStopping({ monitor: 'val_acc' })])).rejects.toThrow(
      new UserError("EarlyStopping: there is no figure 'val_acc' to watch; there are loss, val_loss"),
    );
  });

  it('refuses options out of range', () => {
    expect(() => new EarlyStopping({ patience: -1 })).toThrow(
      new UserError('EarlyStopping: patience is -1; it must be a whole number of at least 0'),
    );
    expect(() => new EarlyStopping({ minDelta: Number.NaN })).toThrow(
      new UserError('EarlyStopping: minDelta is NaN; it must be at least 0'),
    );
    expect(() => new EarlyStopping({ mode: 'maximum' as 'max' })).toThrow(
      new UserError("EarlyStopping: mode is 'maximum'; allowed are 'auto', 'min' and 'max'"),
    );
  });
});

describe('ModelCheckpoint', () => {
  class Store implements CheckpointStore {
    readonly saved: [step: number, best: boolean][] = [];
    async save({ state }: Checkpoint, best: boolean) {
      this.saved.push([state.epoch, best]);
      return { name: `epoch-${state.epoch}`, path: `/runs/epoch-${state.epoch}` };
    }
  }

  it('saves every few epochs, whenever the figure is the best so far, and at the end; and tells so', async () => {
    const store = new Store();
    const { events } = await run(losses(3, 2, 4, 5, 1), [new ModelCheckpoint(store, { every: 2 })]);
    expect(store.saved).toEqual([
      [1, true],
      [2, true],
      [4, false],
      [5, true],
      [5, false],
    ]);
    expect(events.filter(e => e.type === 'checkpoint').map(e => [e.name, e.path, e.epoch, e.globalStep])[0]).toEqual([
      'epoch-1',
      '/runs/epoch-1',
      1,
      1,
    ]);
  });

  it('marks none as best where the figure is not there', async () => {
    const store = new Store();
    await run([{ loss: 1 }, { loss: 0 }], [new ModelCheckpoint(store)]);
    expect(store.saved.every(([, best]) => !best)).toBe(true);
  });

  it('saves every so many steps, counted over epochs, and with accumulated gradients only after an update', async () => {
    const steps = async (every: string, accumulate = 1): Promise<number[]> => {
      const at: number[] = [];
      const store: CheckpointStore = {
        async save({ state }) {
          at.push(state.globalStep);
          return { name: '', path: '' };
        },
      };
      const model = smallNet(1);
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      const callbacks = [new ModelCheckpoint(store, { every })];
      await fit(model, { train: blobs(70), loss: crossEntropy, optimizer, epochs: 2, batchSize: 16, accumulate, callbacks });
      return at;
    };
    expect(await steps('3steps')).toEqual([3, 6, 9, 10]);
    expect(await steps('3steps', 2)).toEqual([4, 7, 9, 10]); // updates end at 2, 4, 5, 7, 9, 10
    expect(await steps('1min')).toEqual([10]);
    expect(await steps('0.0000001min')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
  });

  it('refuses an interval that is none', () => {
    expect(() => new ModelCheckpoint(new Store(), { every: 0 })).toThrow(
      new UserError('ModelCheckpoint: every is 0; it must be steps, minutes or epochs, such as 500steps, 5min or 1epoch'),
    );
  });
});
