import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectComplaint, type Outcome, place } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { folder, run } = place();

beforeAll(() => {
  if (!existsSync(`${root}/dist/studio/index.html`)) execFileSync('node', ['scripts/build-studio.mjs'], { cwd: root, stdio: 'inherit' });
}, 120_000);

test('serves the studio on loopback until Ctrl-C', async () => {
  let page = '';
  let status = 0;
  let asked = false;
  const { code, out, err } = await run('studio --port 0', {
    during(child, written) {
      const url = /http:\/\/localhost:\d+\//.exec(written)?.[0];
      if (url === undefined || asked) return;
      asked = true;
      void fetch(url)
        .then(async response => {
          status = response.status;
          page = await response.text();
        })
        .finally(() => child.kill('SIGINT'));
    },
  });
  expect(out).toMatch(/^The studio is at http:\/\/localhost:\d+\/\nCtrl-C ends it\.\n$/);
  expect([status, code, err]).toEqual([200, 130, '']);
  expect(page).toContain('<title>chainrule studio</title>');
});

describe.runIf(process.platform === 'linux')('--open', () => {
  /** Runs the command with a script as the system's way to open an address, or with none, until `isEnough` of what it has written. */
  function opening(script: string | null, isEnough: (written: string) => Promise<boolean> | boolean): Promise<Outcome> {
    const bin = mkdtempSync(join(folder, 'bin-'));
    if (script !== null) writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    let isOver = false;
    return run('studio --port 0 --open', {
      env: { PATH: bin },
      async during(child, written) {
        if (!(await isEnough(written)) || isOver) return;
        isOver = true;
        child.kill('SIGINT');
      },
    });
  }

  const hint = 'No browser could be opened; open the address yourself.\n';

  test('gives the address to the program that opens it', async () => {
    const note = join(folder, 'opened');
    const isOpened = async (): Promise<boolean> => {
      await expect.poll(() => existsSync(note) && readFileSync(note, 'utf8'), { timeout: 45_000 }).toMatch(/\n$/);
      return true;
    };
    const { out, code } = await opening(`echo "$@" > '${note}'`, isOpened);
    const url = /http:\/\/localhost:\d+\//.exec(out)?.[0];
    expect(url).toBeDefined();
    expect(readFileSync(note, 'utf8')).toBe(`${url}\n`);
    expect(out).not.toContain(hint);
    expect(code).toBe(130);
  });

  test.each([
    ['there is none', null],
    ['it finds no browser', 'exit 3'],
  ])('serves on, and says so, where %s', async (_, script) => {
    const { out, code } = await opening(script, written => written.includes(hint));
    expect(out).toMatch(
      /^The studio is at http:\/\/localhost:\d+\/\nCtrl-C ends it\.\nNo browser could be opened; open the address yourself\.\n$/,
    );
    expect(code).toBe(130);
  });
});

test('says what is wrong with a port', async () => {
  expectComplaint(await run('studio --port 99999'), 2, "--port: '99999' was given; it takes a whole number from 0 to 65535");
});

test('says that a port is in use', async () => {
  let other: Promise<unknown> | undefined;
  await run('studio --port 0', {
    during(child, written) {
      const port = /localhost:(\d+)/.exec(written)?.[1];
      if (port === undefined || other !== undefined) return;
      other = run(`studio --port ${port}`)
        .then(outcome => expectComplaint(outcome, 1, `--port: port ${port} is in use`))
        .finally(() => child.kill('SIGINT'));
    },
  });
  expect(other).toBeDefined();
  await other;
});
