import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { tensor } from '../tensor/create.ts';
import {
  type BackendName,
  backend,
  backendNames,
  currentBackend,
  fallbackReason,
  provideBackend,
  setBackend,
  withBackend,
} from './current.ts';

describe('backends', () => {
  it('are one each by name, WebAssembly unless told', () => {
    for (const name of backendNames.filter(name => name !== 'blas')) {
      const made = backend(name);
      expect(made.name).toBe(name);
      expect(backend(name)).toBe(made);
    }
    expect([currentBackend().name, fallbackReason()]).toEqual(['wasm', null]);
    expect(backend('reference64').dtype).toBe('float64');
  });

  it('withBackend puts the former one back, also after an error, and nests', () => {
    const before = currentBackend();
    withBackend('reference', () => {
      expect(tensor(1).kernels.name).toBe('reference');
      expect(withBackend(backend('reference64'), () => tensor(1).kernels.name)).toBe('reference64');
      expect(currentBackend().name).toBe('reference');
    });
    expect(() =>
      withBackend('reference', () => {
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    expect(currentBackend()).toBe(before);
  });

  it('withBackend refuses a promise', () => {
    expect(() => withBackend('reference', async () => Promise.reject(new Error('never reported')))).toThrow(
      new UserError(
        'withBackend was given a function that returns a promise; what it does after its first await would run on another backend. Give it a synchronous function, or use setBackend',
      ),
    );
    expect(currentBackend().name).toBe('wasm');
  });

  it('setBackend stays; tensors made before stay where they are', () => {
    const x = tensor(1);
    setBackend('reference64');
    try {
      expect([tensor(1).kernels.name, x.kernels.name]).toEqual(['reference64', 'wasm']);
    } finally {
      setBackend('wasm');
    }
  });

  it('BLAS is made by what reaches Node, and by nothing else', () => {
    const message =
      "the backend 'blas' calls a library of the system, which a browser cannot; in Node, import 'chainrule/node' before you ask for it";
    expect(() => backend('blas')).toThrow(new UserError(message));
    const made = backend('reference');
    provideBackend('blas', () => made);
    expect(backend('blas')).toBe(made);
  });

  it('an unknown name is refused with those there are, and nothing changes', () => {
    expect(() => setBackend('gpu' as BackendName)).toThrow(
      new UserError("unknown backend 'gpu'; allowed are wasm, blas, reference, reference64"),
    );
    expect(() => withBackend('gpu' as BackendName, () => 1)).toThrow("unknown backend 'gpu'");
    expect(currentBackend().name).toBe('wasm');
  });
});
