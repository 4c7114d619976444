/** Runs of the real command, killed without warning at random moments and taken up again, end byte for byte like one that was left alone. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/kill-test.mjs', import.meta.url));

test('killed at a few random moments, some of them while a checkpoint is written', { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, [script, '--moments', '6', '--seed', '3'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', text => (out += text));
  child.stderr.setEncoding('utf8').on('data', text => (err += text));
  const code = await new Promise(resolve => child.on('close', resolve));
  expect(err).toBe('');
  expect(out).toMatch(/6 kills .*: every final file is the same, byte for byte/);
  expect(code).toBe(0);
});
