/** Compiling the kernels, synchronously, in the build that this platform takes. */
import { UserError } from '../../errors.ts';
import { BUILDS, checkedBuild, joinVectors, type SimdBuild, setEngineFlag, simdAsked, wideMissing } from './engine.ts';
import { pieces, sharedAt } from './module.gen.ts';

/** A module whose one function does `f32x4.relaxed_madd`: valid only where relaxed SIMD is. */
const RELAXED_PROBE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // type: () -> v128
  ...[3, 2, 1, 0], // one function of that type
  ...[10, 19, 1, 17, 0], // its code
  ...[0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11], // three times i32.const 0, i32x4.splat
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd, end
]);

function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  // Node 20 has it behind a flag, which may be set at run time.
  return setEngineFlag('--experimental-wasm-relaxed-simd') && WebAssembly.validate(RELAXED_PROBE);
}

function fastest(): SimdBuild {
  const asked = simdAsked();
  if (asked === 'wide' && wideMissing() === null) return 'wide';
  return asked !== 'plain' && hasRelaxedSimd() ? 'relaxed' : 'plain';
}

/** The limits of a memory that is shared and has a maximum; 1 where it is not shared. */
const SHARED = 3;

function decode(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  const digit = (i: number): number => {
    const code = hex.charCodeAt(i);
    return (code & 15) + 9 * (code >> 6); // letters are 0x61 to 0x66
  };
  for (let i = 0; i < bytes.length; i++) bytes[i] = 16 * digit(2 * i) + digit(2 * i + 1);
  return bytes;
}

const modules = new Map<string, WebAssembly.Module>();
let best: SimdBuild | undefined;

/** A build as it is here. */
export interface LoadedModule {
  readonly module: WebAssembly.Module;
  readonly build: SimdBuild;
}

/**
 * The compiled module of a build, by default of the fastest that runs here. Compiled once. It imports a memory that threads share or one that they do
 * not: the two differ in one byte, so the package carries one of them.
 */
export function loadModule(build?: SimdBuild, shared = false): LoadedModule {
  if (typeof WebAssembly === 'undefined') throw new UserError('this platform has no WebAssembly');
  best ??= fastest();
  const chosen = build === undefined ? best : checkedBuild(build, 'simd');
  if (chosen !== 'plain') hasRelaxedSimd();
  if (chosen === 'wide') joinVectors();
  const key = `${chosen}${shared ? ', shared' : ''}`;
  let module = modules.get(key);
  if (module === undefined) {
    try {
      const bytes = decode(pieces.filter((_, i) => i % BUILDS.length === BUILDS.indexOf(chosen)).join(''));
      if (shared) bytes[sharedAt[chosen]] = SHARED;
      module = new WebAssembly.Module(bytes);
    } catch (error) {
      throw new UserError(`the WebAssembly kernels (${chosen} SIMD) do not compile here: ${(error as Error).message}`, undefined, {
        cause: error,
      });
    }
    modules.set(key, module);
  }
  return { module, build: chosen };
}
