/** What the JavaScript engine makes of WebAssembly's vectors, and its switches for that. See docs/design/wide.md. */
import { UserError } from '../../errors.ts';
import { builtin, host } from './host.ts';

/**
 * `relaxed` has fused multiply-add (relaxed SIMD), `plain` does without. `wide` is `relaxed` in tiles of twice the columns, for engines that join two
 * vectors side by side into one of 256 bits; others run it too, more slowly. `wide` and `relaxed` leave the same bits.
 */
export type SimdBuild = 'wide' | 'relaxed' | 'plain';

/** Sets a switch of V8 for the whole process; false where that cannot be done. */
export function setEngineFlag(flag: string): boolean {
  const v8 = builtin<{ setFlagsFromString?(flags: string): void }>('node:v8');
  if (v8?.setFlagsFromString === undefined) return false;
  v8.setFlagsFromString(flag);
  return true;
}

/** In the order in which module.gen.ts has them. */
export const BUILDS: readonly SimdBuild[] = ['relaxed', 'wide', 'plain'];

/** @throws UserError unless there is such a build; `name` is what asked for it */
export function checkedBuild(build: string, name: string): SimdBuild {
  if (!BUILDS.includes(build as SimdBuild)) throw new UserError(`${name} is ${build}; it must be one of ${BUILDS.join(', ')}`);
  return build as SimdBuild;
}

/** The build that CHAINRULE_SIMD asks for; undefined where it says nothing. */
export function simdAsked(): SimdBuild | undefined {
  const asked = host?.env?.CHAINRULE_SIMD;
  return asked === undefined || asked === '' ? undefined : checkedBuild(asked, 'CHAINRULE_SIMD');
}

/** Versions of V8 in which joining is tested, of Node 24 and 26. It is an experiment of the engine's: another version may compile wrongly, or not at all. */
const TESTED = ['13.6.', '14.6.'];

/**
 * Why two vectors side by side are not joined into one of 256 bits here, or null where they can be.
 *
 * @param version of V8, and `arch` the processor's architecture, as Node names them
 */
export function wideMissing(version: string | undefined = host?.versions?.v8, arch: string | undefined = host?.arch): string | null {
  if (version === undefined || builtin('node:v8') === undefined) return 'only Node joins vectors';
  if (!TESTED.some(start => version.startsWith(start))) return `it is tested with Node 24 and 26, not with V8 ${version}`;
  if (arch !== 'x64') return `V8 joins vectors on x64 only, and this is ${arch}`;
  return processorIsWide() ? null : 'the processor has no vectors of 256 bits (AVX2)';
}

/** As far as it can be known without asking another program: elsewhere than on Linux it is taken for granted, and a processor without is but slower. */
function processorIsWide(): boolean {
  if (host?.platform !== 'linux') return true;
  try {
    const fs = builtin<{ readFileSync(path: string, encoding: string): string }>('node:fs');
    return /\bavx2\b/.test(fs?.readFileSync('/proc/cpuinfo', 'latin1') ?? '');
  } catch {
    return true;
  }
}

/** Has V8 join vectors in what it compiles from now on, in the whole process; nothing happens where it cannot. */
export function joinVectors(): void {
  if (wideMissing() === null) setEngineFlag('--experimental-wasm-revectorize');
}
