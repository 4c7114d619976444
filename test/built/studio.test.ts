import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { expectComplaint, place } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { run } = place();

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
