import { expect, inject, test } from 'vitest';
import { createWasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { smallRun } from '../browser/small-run.ts';

test('in a page that is not isolated one thread does all the work, to the same bits, and the metadata says why', () => {
  expect(crossOriginIsolated).toBe(false);
  expect(createWasmBackend({ threads: 2 }).traits).toMatchObject({
    threads: 1,
    threadsMissing: 'the page is not cross-origin isolated, so threads cannot share memory',
  });
  expect(smallRun()).toEqual(inject('nodeRun'));
});
