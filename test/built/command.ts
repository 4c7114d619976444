import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Place {
  /** The current folder of the commands. */
  readonly folder: string;
  /** Runs the command; `during` gets the process and what it has written so far. */
  run(words: string, options?: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly during?: (child: ChildProcess, written: string) => void;
}

/** An empty folder to run commands in, with no cache, no network, and no environment of ours. It is removed after the tests of the file. */
export function place(): Place {
  const root = mkdtempSync(join(tmpdir(), 'chainrule-cli-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'work');
  mkdirSync(folder);
  const env = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    HOME: root,
    XDG_CACHE_HOME: join(root, 'cache'),
    // A port where nothing listens: refused at once.
    CHAINRULE_MIRRORS: 'http://127.0.0.1:9/',
  };
  return { folder, run: (words, options = {}) => runCommand(words, folder, { ...env, ...options.env }, options.during) };
}

function runCommand(words: string, cwd: string, env: Record<string, string>, during: RunOptions['during']): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...words.split(' ').filter(Boolean)], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text;
      during?.(child, out);
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ code, out, err }));
  });
}

/** Fails with a message for a person: the exit code, the words, and nothing of the program's inside. */
export function expectComplaint(outcome: Outcome, code: 1 | 2, message: string | RegExp): void {
  expect(outcome.err).toMatch(message);
  expect(outcome.err).toMatch(/^chainrule: /);
  expect(outcome.err).not.toMatch(/^\s+at .*:\d+|node:internal|dist\/|fault of chainrule/m);
  expect(outcome.code).toBe(code);
}

export function jsonLines(text: string): { type: string; [key: string]: unknown }[] {
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}
