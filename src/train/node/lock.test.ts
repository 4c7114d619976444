import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lock } from './lock.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));
const path = () => join(root, 'run.lock');
const holder = async () => JSON.parse(await readFile(path(), 'utf8'));

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('a lock', () => {
  it('is held by one, who is named to the next, and free again afterwards', async () => {
    const lock = await Lock.take(path());
    expect(await holder()).toMatchObject({ pid: process.pid, host: hostname() });
    await expect(Lock.take(path())).rejects.toThrow(
      new RegExp(`^${root}: process ${process.pid} trains into this folder, since 20\\d\\d-.*; two at once would spoil the run$`),
    );
    await lock.release();
    expect(await readdir(root)).toEqual([]);
    await (await Lock.take(path())).release();
  });

  it('goes to one alone of many that try at once, also over a stale one', async () => {
    for (const stale of [false, true]) {
      if (stale) await writeFile(path(), JSON.stringify({ pid: await endedPid(), host: hostname(), born: null, since: '' }));
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => Lock.take(path())));
      const won = tries.filter(one => one.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0].value.release();
      expect(await readdir(root)).toEqual([]);
    }
  });

  it('of a process that has ended is taken over', async () => {
    await writeFile(path(), JSON.stringify({ pid: await endedPid(), host: hostname(), born: '1', since: '2020' }));
    await Lock.take(path());
    expect((await holder()).pid).toBe(process.pid);
  });

  it.runIf(process.platform === 'linux')('of an ended process whose number another has now is taken over', async () => {
    await writeFile(path(), JSON.stringify({ pid: process.ppid, host: hostname(), born: '1', since: '2020' }));
    await Lock.take(path());
    expect((await holder()).pid).toBe(process.pid);
  });

  it('of another machine, or of nobody, is left for a person to judge', async () => {
    await writeFile(path(), JSON.stringify({ pid: 1, host: 'elsewhere', born: null, since: '2020' }));
    await expect(Lock.take(path())).rejects.toThrow(
      `${root}: process 1 on elsewhere trains into this folder, since 2020; whether it still runs cannot be seen from here`,
    );
    for (const text of ['', '{}', 'null']) {
      await writeFile(path(), text);
      await expect(Lock.take(path())).rejects.toThrow(
        `${path()}: it does not say which process trains into this folder; if none does, remove that file`,
      );
    }
  });

  it('is not taken away from another by a late release', async () => {
    const first = await Lock.take(path());
    await rm(path());
    await Lock.take(path());
    const second = await readFile(path(), 'utf8');
    await first.release();
    expect(await readFile(path(), 'utf8')).toBe(second);
  });
});
