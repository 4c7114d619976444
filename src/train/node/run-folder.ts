/** The folder of one training run: its experiment, its events, its checkpoints (docs/design/experiment.md). */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Checkpoint, CheckpointStore } from '../checkpoint.ts';
import { type ReadCheckpoint, SUMS } from '../checkpoint-format.ts';
import { cannotWrite, writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import { checkpointFiles, readCheckpoint } from './checkpoint-files.ts';
import { Lock } from './lock.ts';

/** Which checkpoint: the newest, or the one with the best figure watched. */
export type CheckpointName = 'latest' | 'best';

/** A checkpoint with its name. */
export type NamedCheckpoint = ReadCheckpoint & { readonly name: string };

/** The newest checkpoint that is whole, and those after it that are not. */
export interface Recovered {
  readonly checkpoint: NamedCheckpoint;
  readonly damaged: readonly { readonly name: string; readonly message: string; readonly movedTo: string }[];
}

const checkpointName = /^step-(\d+)(?:-end(?:-(\d+))?)?$/;

/** An empty file in a checkpoint that was the best when it was saved. */
const BEST = 'best-so-far';

/** By the step, then by how often that step was saved. */
function byAge(a: string, b: string): number {
  const place = (name: string): [number, number] => {
    const [, step, again] = checkpointName.exec(name)!;
    return [Number(step), name.includes('-end') ? Number(again ?? 1) : 0];
  };
  const [[step, again], [otherStep, otherAgain]] = [place(a), place(b)];
  return step - otherStep || again - otherAgain;
}

export class RunFolder implements CheckpointStore {
  readonly path: string;
  /** How many checkpoints are kept, besides the best. */
  keepLast: number;

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

  /** Refuses other processes that would train into this folder, until the lock is released or this process ends. */
  lock(): Promise<Lock> {
    return Lock.take(join(this.path, 'run.lock'));
  }

  /** Keeps a checkpoint; only when it is complete does `latest` name it, and only then are older ones removed. */
  async save(checkpoint: Checkpoint, best: boolean): Promise<{ name: string; path: string }> {
    const folder = join(this.path, 'checkpoints');
    const files = checkpointFiles(checkpoint);
    const name = await this.nameFor(checkpoint.state.globalStep, files[SUMS] as string);
    const path = join(folder, name);
    if (!(await this.checkpoints()).includes(name)) await writeFolderAtomic(path, best ? { ...files, [BEST]: '' } : files);
    await this.point('latest', name);
    if (best) await this.point('best', name);
    await this.removeOld();
    return { name, path };
  }

  /** A name by the step. The same step may come once more, with figures of its epoch or at the end with the best weights: each gets a name of its own. */
  private async nameFor(globalStep: number, sums: string): Promise<string> {
    const name = `step-${String(globalStep).padStart(8, '0')}`;
    const there = new Set(await this.checkpoints());
    for (let count = 0; ; count++) {
      const candidate = count === 0 ? name : count === 1 ? `${name}-end` : `${name}-end-${count}`;
      if (!there.has(candidate)) return candidate;
      const own = await readFile(join(this.path, 'checkpoints', candidate, SUMS), 'utf8').catch(() => null);
      if (own === sums) return candidate;
    }
  }

  /** Reads a checkpoint; the best falls back on the newest where no figure was watched. */
  async load(which: CheckpointName = 'latest'): Promise<NamedCheckpoint> {
    const name = (await this.pointer(which)) ?? (which === 'best' ? await this.pointer('latest') : null);
    if (name === null) throw new UserError(`${this.path}: the run has no complete checkpoint yet`);
    return { ...(await readCheckpoint(join(this.path, 'checkpoints', name))), name };
  }

  /**
   * The newest checkpoint that is whole, to go on from. Newer ones that are torn or were changed are set aside, under a name that says so; what a process
   * left half done when it ended is cleared away. Only for who holds the lock.
   *
   * @throws UserError that names what is wrong with each, where none is whole
   */
  async recover(): Promise<Recovered> {
    const folder = join(this.path, 'checkpoints');
    const damaged: { name: string; message: string; movedTo: string }[] = [];
    for (const name of (await this.checkpoints()).toReversed()) {
      const read = await readCheckpoint(join(folder, name)).catch((error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      });
      if (read instanceof UserError) {
        damaged.push({ name, message: read.message, movedTo: await this.freeName(`damaged-${name}`) });
        continue;
      }
      for (const one of damaged) await rename(join(folder, one.name), join(folder, one.movedTo));
      await this.point('latest', name);
      await this.mendBest(name);
      await this.clear();
      return { checkpoint: { ...read, name }, damaged };
    }
    if (damaged.length === 0) throw new UserError(`${this.path}: the run has no complete checkpoint yet`);
    throw new UserError(`${this.path}: none of its checkpoints can be used\n${damaged.map(one => one.message).join('\n')}`);
  }

  /** A process may have ended between a checkpoint and the mark that it is the best; and the best one may have been set aside. */
  private async mendBest(newest: string): Promise<void> {
    const newestIsBest = (await readdir(join(this.path, 'checkpoints', newest))).includes(BEST);
    const marked = await this.pointer('best').catch(() => null);
    if (newestIsBest && marked !== newest) await this.point('best', newest);
    else if (marked !== null && !(await this.checkpoints()).includes(marked)) await rm(join(this.path, 'checkpoints', 'best'));
  }

  /** Removes temporary files. */
  private async clear(): Promise<void> {
    for (const folder of [this.path, join(this.path, 'checkpoints')]) {
      for (const name of await readdir(folder))
        if (/^\..*\.tmp$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  private async freeName(name: string): Promise<string> {
    const there = new Set(await readdir(join(this.path, 'checkpoints')));
    for (let n = 1; ; n++) if (!there.has(n === 1 ? name : `${name}-${n}`)) return n === 1 ? name : `${name}-${n}`;
  }

  /** Names of the complete checkpoints, oldest first. */
  async checkpoints(): Promise<string[]> {
    const names = await readdir(join(this.path, 'checkpoints')).catch(() => []);
    return names.filter(name => checkpointName.test(name)).sort(byAge);
  }

  private async point(which: CheckpointName, name: string): Promise<void> {
    await writeFileAtomic(join(this.path, 'checkpoints', which), `${name}\n`);
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
      if (kept.has(name)) continue;
      // First out of sight, so that what is left of it half way is not taken for a checkpoint.
      const aside = join(this.path, 'checkpoints', `.${name}.${randomUUID()}.tmp`);
      await rename(join(this.path, 'checkpoints', name), aside);
      await rm(aside, { recursive: true, force: true });
    }
  }
}
