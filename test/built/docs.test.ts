/** Runs every `js` block of the README and the lecture's pages as a user would: as a module, against the built package. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url);
const entry = new URL('dist/index.js', root);
const pages = ['README.md', 'docs/lecture/en.md', 'docs/lecture/ko.md', 'docs/interchange.md'].filter(page =>
  existsSync(new URL(page, root)),
);

describe.each(pages)('%s', page => {
  const text = readFileSync(new URL(page, root), 'utf8');
  const blocks = [...text.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].map(match => match[1]);
  it.each(blocks.map((block, i) => [i + 1, block] as const))('block %i runs', async (_, block) => {
    expect(existsSync(entry), 'dist is built by `npm run build`').toBe(true);
    const program = block.replaceAll(
      /from 'chainrule(?:\/(\w+))?'/g,
      (_match, name = 'index') => `from '${new URL(`dist/${name}.js`, root).href}'`,
    );
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(stderr).toBe('');
  });
});
