import { afterEach, expect, test } from 'vitest';
import { simdAsked, wideMissing } from './engine.ts';
import { createWasmBackend } from './wasm-backend.ts';

const before = process.env.CHAINRULE_SIMD;
afterEach(() => {
  if (before === undefined) delete process.env.CHAINRULE_SIMD;
  else process.env.CHAINRULE_SIMD = before;
});

test('vectors are joined in the versions of V8 in which that is tested, on x64', () => {
  expect(wideMissing('11.3.244.8-node.38', 'x64')).toBe('it is tested with Node 24 and 26, not with V8 11.3.244.8-node.38');
  expect(wideMissing('14.1.146.11-node.20', 'x64')).toMatch('not with V8 14.1');
  expect(wideMissing('13.6.233.17-node.63', 'arm64')).toBe('V8 joins vectors on x64 only, and this is arm64');
  for (const version of ['13.6.233.17-node.63', '14.6.202.34-node.40'])
    expect([null, expect.stringMatching('AVX2')]).toContainEqual(wideMissing(version, 'x64'));
});

test('a build that there is not is refused', () => {
  expect(() => createWasmBackend({ simd: 'sse' as 'plain' })).toThrow('simd is sse; it must be one of relaxed, wide, plain');
});

test('CHAINRULE_SIMD names a build, or is refused with those there are', () => {
  delete process.env.CHAINRULE_SIMD;
  expect(simdAsked()).toBeUndefined();
  process.env.CHAINRULE_SIMD = 'wide';
  expect(simdAsked()).toBe('wide');
  process.env.CHAINRULE_SIMD = 'avx512';
  expect(() => simdAsked()).toThrow('CHAINRULE_SIMD is avx512; it must be one of relaxed, wide, plain');
});
