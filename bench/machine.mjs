// What stands beside every figure: the machine, the versions, and the commit of this library.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';
import { promisify } from 'node:util';

const versionOf = name => {
  try {
    return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
  } catch {
    return null;
  }
};

const PYTHON = `
import json, sys, importlib.metadata as m
def v(n):
    try: return m.version(n)
    except Exception: return None
print(json.dumps({"python": sys.version.split()[0], "torch": v("torch"), "scikit-learn": v("scikit-learn"), "numpy": v("numpy")}))`;

/** Null where this is no checkout; with a plus where it differs from the commit. */
async function commit() {
  const git = (...args) => promisify(execFile)('git', args, { cwd: new URL('.', import.meta.url) }).then(({ stdout }) => stdout.trim());
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no', '--', '../src', '../kernels');
    return `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return null;
  }
}

export async function machine(python) {
  const found = await promisify(execFile)(python, ['-c', PYTHON]).then(
    ({ stdout }) => JSON.parse(stdout),
    () => ({ python: null }),
  );
  return {
    processor: cpus()[0]?.model.trim(),
    processors: availableParallelism(),
    system: `${platform()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    'jax-js': versionOf('@jax-js/jax'),
    tfjs: versionOf('@tensorflow/tfjs'),
    ...found,
    commit: await commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}
