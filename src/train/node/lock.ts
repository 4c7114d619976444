/** One process at a time trains into a folder: a file that names the process, and that its end leaves for the next to take over. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { cannotWrite } from './atomic.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, by the system's own count: a later process may have the same number. Null where it cannot be told. */
  readonly born: string | null;
  /** When it took the lock. */
  readonly since: string;
  /** Tells one lock from another of the same process. */
  readonly id: string;
}

/** The lock of a folder, held until `release`, or until the process ends, however it ends. */
export class Lock {
  private readonly path: string;
  private readonly text: string;

  private constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** @throws UserError that names the process that holds it */
  static async take(path: string): Promise<Lock> {
    const holder: Holder = {
      pid: process.pid,
      host: hostname(),
      born: await bornAt(process.pid),
      since: new Date().toISOString(),
      id: randomUUID(),
    };
    const text = `${JSON.stringify(holder)}\n`;
    for (;;) {
      if (await create(path, text)) return new Lock(path, text);
      const found = await readFile(path, 'utf8').catch(() => null);
      if (found === null) continue; // released meanwhile
      await mustBeStale(path, found);
      await removeIfStill(path, found);
    }
  }

  async release(): Promise<void> {
    await removeIfStill(this.path, this.text);
  }
}

/** Makes the file with its content at once, so that nobody reads half of it; false where it is there already. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems have no links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return await createWithoutLink(path, text);
    throw cannotWrite(path, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function createWithoutLink(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

/** Takes the file away, unless another's has come in its place. */
async function removeIfStill(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8').catch(() => text)) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function mustBeStale(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  let holder: Holder;
  try {
    holder = JSON.parse(text);
    if (!Number.isSafeInteger(holder?.pid)) throw new Error('no pid');
  } catch {
    throw new UserError(`${path}: it does not say which process trains into this folder; if none does, remove that file`);
  }
  if (holder.host !== hostname()) {
    throw new UserError(
      `${folder}: process ${holder.pid} on ${holder.host} trains into this folder, since ${holder.since}; whether it still runs cannot be seen from here`,
      `If it does not, remove ${path}`,
    );
  }
  if (!(await isRunning(holder))) return;
  throw new UserError(
    `${folder}: process ${holder.pid} trains into this folder, since ${holder.since}; two at once would spoil the run`,
    'Wait for it or stop it, or choose another folder with --out',
  );
}

async function isRunning({ pid, born }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false; // else it is there, and another user's
  }
  const now = await bornAt(pid);
  return now !== 'dead' && (born === null || now === null || now === born);
}

/** When a process began, on Linux; 'dead' for one that has ended and was not yet waited for; null where it cannot be told. */
async function bornAt(pid: number): Promise<string | null> {
  const text = await readFile(join('/proc', String(pid), 'stat'), 'utf8').catch(() => null);
  if (text === null) return null;
  // pid (name) state ...: the name may hold spaces and brackets
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : (fields[19] ?? null);
}
