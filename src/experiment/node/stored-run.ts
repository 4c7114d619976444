/** A run on disk: made by training, opened to evaluate, predict and go on. */
import type { DatasetInfo } from '../../data/dataset.ts';
import { UserError } from '../../errors.ts';
import { readWeights } from '../../io/node/files.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import type { Module } from '../../nn/module.ts';
import { type CheckpointName, RunFolder } from '../../train/node/run-folder.ts';
import type { LossFunction } from '../../train/trainer.ts';
import type { DataShape, Measures } from '../build.ts';
import type { PreparedData, TablePreprocessing } from '../prepare.ts';
import { restoreModel } from '../run.ts';
import { parseExperiment } from '../schema.ts';
import type { Experiment } from '../types.ts';

/** What the data was: kept in the run's data.json, so that new examples are treated as those it was trained on. */
export interface StoredData {
  readonly info: DatasetInfo;
  /** For tables; null for images. */
  readonly table: TablePreprocessing | null;
}

export interface RestoredModel {
  readonly model: Module;
  readonly loss: LossFunction;
  /** For `evaluate`: the loss, and the figures of tasks. */
  readonly measures: Measures;
  /** The name of its checkpoint, and how far training had come. */
  readonly checkpoint: string;
  readonly epoch: number;
  readonly globalStep: number;
}

/** A run folder with its experiment and what is known of its data. */
export class StoredRun {
  readonly folder: RunFolder;
  readonly experiment: Experiment;
  readonly data: StoredData;

  private constructor(folder: RunFolder, experiment: Experiment, data: StoredData) {
    this.folder = folder;
    this.experiment = experiment;
    this.data = data;
  }

  /** A new run folder for this experiment on this data. */
  static async create(path: string, experiment: Experiment, { info, table }: PreparedData): Promise<StoredRun> {
    const folder = await RunFolder.create(path, experiment, { keepLast: experiment.training.keepCheckpoints });
    const data: StoredData = { info, table };
    await folder.writeJson('data.json', data);
    return new StoredRun(folder, experiment, data);
  }

  /** @throws UserError where there is no run folder, or a file of it is missing or damaged */
  static async open(path: string): Promise<StoredRun> {
    const folder = await RunFolder.open(path);
    const experiment = parseExperiment(await folder.readJson('experiment.json'), { source: `${path}/experiment.json` });
    folder.keepLast = experiment.training.keepCheckpoints;
    const data = (await folder.readJson('data.json')) as StoredData | null;
    if (data === null) throw new UserError(`${path}/data.json: there is no such file; the run folder is not complete`);
    if (!Array.isArray(data.info?.featureShape))
      throw new UserError(`${path}/data.json: it does not say what the data was; the file is damaged`);
    return new StoredRun(folder, experiment, data);
  }

  /** The trained model, in inference mode; with the weights of a safetensors file where one is named. */
  async restore(which: CheckpointName = 'latest', weightsFile?: string): Promise<RestoredModel> {
    if (weightsFile !== undefined) {
      const restored = modelWith(weightsFile, await readWeights(weightsFile), this.experiment, this.data.info);
      return { ...restored, checkpoint: weightsFile, epoch: 0, globalStep: 0 };
    }
    const checkpoint = await this.folder.load(which);
    const restored = restoreModel(this.experiment, this.data.info, checkpoint.model);
    return { ...restored, checkpoint: checkpoint.name, epoch: checkpoint.state.epoch, globalStep: checkpoint.state.globalStep };
  }
}

/** The experiment's model with weights from a file; an error that they are another model's names the file. */
export function modelWith(
  file: string,
  weights: ReadonlyMap<string, StoredTensor>,
  experiment: Experiment,
  data: DataShape,
): ReturnType<typeof restoreModel> {
  try {
    return restoreModel(experiment, data, weights);
  } catch (error) {
    if (error instanceof UserError)
      throw new UserError(`${file}: ${error.message.replace(/^loadStateDict: /, '')}`, error.hint, { cause: error });
    throw error;
  }
}
