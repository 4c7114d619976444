/** The folder of one training run: its experiment, its events, its checkpoints (docs/design/experiment.md). */
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import type { Checkpoint, CheckpointStore } from '../checkpoint.ts';
import { cannotWrite, writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import { checkpointFiles, readCheckpoint } from './checkpoint-files.ts';

/** Which checkpoint: the newest, or the one with the best figure watched. */
export type CheckpointName = 'latest' | 'best';

const checkpointName = /^step-\d+(-end(-\d+)?)?$/;

export class RunFolder implements CheckpointStore {
  readonly path: string;
  /** How many checkpoints are kept, besides the best. */
  readonly keepLast: number;

  private constructor(path: string, keepLast: number) {
    this.path = path;
    this.keepLast = keepLast;
  }

  /** A new folder. One that exists must be empty: nothing of an earlier run is ever touched. */
  static async create(path: string, experiment: unknown, { keepLast = 2 }: { readonly keepLast?: number } = {}): Promise<RunFolder> {
    const full = resolve(path);
    try {
      await mkdir(full, { recursive: true });
      if ((await readdir(full)).length > 0) {
        throw new UserError(
          `${path}: the folder is not empty, and a run never writes over another. Choose another --out, or remove it yourself`,
        );
      }
      await mkdir(join(full, 'checkpoints'));
    } catch (error) {
      throw cannotWrite(path, error);
    }
    const run = new RunFolder(full, keepLast);
    await run.writeJson('experiment.json', experiment);
    return run;
  }

  /** An existing run. */
  static async open(path: string, { keepLast = 2 }: { readonly keepLast?: number } = {}): Promise<RunFolder> {
    const full = resolve(path);
    const names = await readdir(full).catch((error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ENOENT' ? 'there is no such folder' : error.code === 'ENOTDIR' ? 'it is a file, not a folder' : error.message;
      throw new UserError(`${path}: ${reason}; a run folder, as 'chainrule train --out' makes it, was expected`);
    });
    if (!names.includes('experiment.json')) throw new UserError(`${path}: not a run folder: it has no experiment.json`);
    return new RunFolder(full, keepLast);
  }

  /** Writes a JSON file of the run, whole or not at all. */
  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Reads a JSON file of the run; null if there is none. */
  async readJson(name: string): Promise<unknown> {
    const path = join(this.path, name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new UserError(`${path}: not JSON (${error instanceof Error ? error.message : String(error)}); the file is damaged`);
    }
  }

  /** Adds a line to the run's events. */
  async appendEvent(event: unknown): Promise<void> {
    const path = join(this.path, 'metrics.jsonl');
    await appendFile(path, `${JSON.stringify(event)}\n`).catch(error => {
      throw cannotWrite(path, error);
    });
  }

  /** Keeps a checkpoint; only when it is complete does `latest` name it, and only then are older ones removed. */
  async save(checkpoint: Checkpoint, best: boolean): Promise<{ name: string; path: string }> {
    const folder = join(this.path, 'checkpoints');
    const files = checkpointFiles(checkpoint);
    const name = await this.nameFor(checkpoint.state.globalStep, files['state.json'] as string);
    const path = join(folder, name);
    if (!(await this.checkpoints()).includes(name)) await writeFolderAtomic(path, files);
    await writeFileAtomic(join(folder, 'latest'), `${name}\n`);
    if (best) await writeFileAtomic(join(folder, 'best'), `${name}\n`);
    await this.removeOld();
    return { name, path };
  }

  /** A name by the step. At the end the same step may come once more with other weights (the best ones restored): it gets a name of its own. */
  private async nameFor(globalStep: number, state: string): Promise<string> {
    const name = `step-${String(globalStep).padStart(8, '0')}`;
    for (let count = 0; ; count++) {
      const candidate = count === 0 ? name : count === 1 ? `${name}-end` : `${name}-end-${count}`;
      const there = await readFile(join(this.path, 'checkpoints', candidate, 'state.json'), 'utf8').catch(() => null);
      if (there === null || there === state) return candidate;
    }
  }

  /** Reads a checkpoint; the best falls back on the newest where no figure was watched. */
  async load(which: CheckpointName = 'latest'): Promise<Checkpoint & { readonly model: Map<string, StoredTensor>; readonly name: string }> {
    const name = (await this.pointer(which)) ?? (which === 'best' ? await this.pointer('latest') : null);
    if (name === null) throw new UserError(`${this.path}: the run has no complete checkpoint yet`);
    return { ...(await readCheckpoint(join(this.path, 'checkpoints', name))), name };
  }

  /** Names of the complete checkpoints, oldest first. */
  async checkpoints(): Promise<string[]> {
    const names = await readdir(join(this.path, 'checkpoints')).catch(() => []);
    return names.filter(name => checkpointName.test(name)).sort();
  }

  private async pointer(which: CheckpointName): Promise<string | null> {
    const text = await readFile(join(this.path, 'checkpoints', which), 'utf8').catch(() => null);
    if (text === null) return null;
    const name = text.trim();
    if (!checkpointName.test(name))
      throw new UserError(
        `${join(this.path, 'checkpoints', which)}: it should name a checkpoint such as step-00000430; it holds ${JSON.stringify(name.slice(0, 40))}`,
      );
    return name;
  }

  private async removeOld(): Promise<void> {
    const kept = new Set([await this.pointer('latest'), await this.pointer('best')]);
    const names = await this.checkpoints();
    for (const name of names.slice(0, Math.max(0, names.length - this.keepLast))) {
      if (!kept.has(name)) await rm(join(this.path, 'checkpoints', name), { recursive: true, force: true });
    }
  }
}
