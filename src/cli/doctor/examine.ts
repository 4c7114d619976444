/** What this machine has of all that chainrule can use. Each finding says what is there, or what is missing and how to get it. */
import { availableParallelism, cpus, release } from 'node:os';
import { BlasBackend } from '../../backend/blas/blas-backend.ts';
import { type BlasLibrary, describeLibrary } from '../../backend/blas/library.ts';
import { findBlas } from '../../backend/blas/node/find.ts';
import { loadKoffi } from '../../backend/blas/node/load.ts';
import { backend } from '../../backend/current.ts';
import type { Kernels } from '../../backend/kernels.ts';
import { wideMissing } from '../../backend/wasm/engine.ts';
import { createWasmBackend, type WasmOptions } from '../../backend/wasm/wasm-backend.ts';
import { UserError } from '../../errors.ts';
import { version } from '../../version.ts';
import type { Capabilities } from '../terminal/capabilities.ts';
import { measureGflops } from './speed.ts';

export interface Finding {
  readonly name: string;
  /** Its name in JSON. */
  readonly key: string;
  /** `missing` is something that could be had; `note` is neither good nor bad. */
  readonly state: 'here' | 'missing' | 'note';
  readonly text: string;
  /** How to get what is missing. */
  readonly hint?: string;
  /** The same for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Sizes of the products by which backends are measured: plain TypeScript would take seconds over the larger one. */
const LARGE = 512;
const SMALL = 128;

/** The engine and the machine. */
export function examineEngine(): Finding[] {
  const processor = cpus()[0]?.model.trim() || 'unknown processor';
  const processors = availableParallelism();
  const { version: node, versions, platform, arch } = process;
  return [
    { name: 'chainrule', key: 'chainrule', state: 'here', text: version, facts: { version } },
    { name: 'Node', key: 'node', state: 'here', text: `${node}, V8 ${versions.v8}`, facts: { version: node, v8: versions.v8 } },
    {
      name: 'machine',
      key: 'machine',
      state: 'here',
      text: `${processor}, ${processors} ${processors === 1 ? 'processor' : 'processors'}, ${platform} ${arch} ${release()}`,
      facts: { processor, processors, platform, arch, release: release() },
    },
  ];
}

/** The WebAssembly kernels: which build runs here, and on how many threads. */
export function examineWasm(): Finding[] {
  const shared = typeof SharedArrayBuffer !== 'undefined';
  const sharing: Finding = {
    name: 'SharedArrayBuffer',
    key: 'sharedArrayBuffer',
    state: shared ? 'here' : 'missing',
    text: shared ? 'here' : 'this engine has none, so kernels run on one thread',
    facts: { available: shared },
  };
  let traits: Kernels['traits'];
  try {
    traits = backend('wasm').traits;
  } catch (error) {
    const text = `${(error as Error).message}; plain TypeScript computes in their place`;
    return [
      {
        name: 'WebAssembly',
        key: 'webAssembly',
        state: 'missing',
        text,
        hint: 'Node 20.19 or later has them',
        facts: { available: false },
      },
      sharing,
    ];
  }
  const { simd, fma, threads, threadsMissing } = traits;
  const fused = fma ? 'with fused multiply-add' : 'without fused multiply-add: other bits than on machines with it';
  const narrow = simd === 'wide' ? null : wideMissing();
  const width: Finding = {
    name: 'wide vectors',
    key: 'wideVectors',
    state: simd === 'wide' ? 'here' : 'note',
    text:
      simd === 'wide'
        ? '256 bits: V8 joins vectors two by two'
        : `128 bits: ${narrow ?? `CHAINRULE_SIMD is ${process.env.CHAINRULE_SIMD}`}`,
    facts: { available: simd === 'wide', ...(narrow === null ? {} : { reason: narrow }) },
  };
  const alone = threadsMissing === undefined ? '' : `: ${threadsMissing}`;
  return [
    { name: 'WebAssembly', key: 'webAssembly', state: 'here', text: `${simd} SIMD, ${fused}`, facts: { available: true, simd, fma } },
    width,
    {
      name: 'threads',
      key: 'threads',
      state: 'here',
      text: `${threads} for the kernels${alone}`,
      facts: { threads, ...(alone ? { threadsMissing } : {}) },
    },
    sharing,
  ];
}

/** koffi, and the BLAS library it reaches; the library also for measuring. */
export function examineBlas(): { readonly findings: Finding[]; readonly library: BlasLibrary | null } {
  let koffi: ReturnType<typeof loadKoffi>;
  try {
    koffi = loadKoffi();
  } catch (error) {
    const findings = [
      missing('koffi', error),
      { name: 'BLAS', key: 'blas', state: 'missing', text: 'not looked for without koffi', facts: { available: false } },
    ];
    return { findings: findings as Finding[], library: null };
  }
  const found: Finding = {
    name: 'koffi',
    key: 'koffi',
    state: 'here',
    text: koffi.version,
    facts: { available: true, version: koffi.version },
  };
  try {
    const library = findBlas({ koffi });
    const { kind, version, path, threads, elsewhere } = library;
    const own = threads === 0 ? '' : `, ${threads} ${threads === 1 ? 'thread' : 'threads'} of its own`;
    const count = elsewhere === null ? own : ', called from the threads above';
    const facts = { available: true, kind, version, path, threads, shared: elsewhere !== null };
    return {
      findings: [
        found,
        { name: 'BLAS', key: 'blas', state: 'here', text: `${describeLibrary(library)}${count}; its products are right`, facts },
      ],
      library,
    };
  } catch (error) {
    return { findings: [found, missing('BLAS', error)], library: null };
  }
}

function missing(name: string, error: unknown): Finding {
  if (!(error instanceof UserError)) throw error;
  const { message, hint } = error;
  return {
    name,
    key: name.toLowerCase(),
    state: 'missing',
    text: message,
    ...(hint === undefined ? {} : { hint }),
    facts: { available: false, reason: message },
  };
}

export interface Speed {
  readonly backend: string;
  readonly threads: number;
  /** Matrices of n by n. */
  readonly n: number;
  readonly gflops: number;
}

/** Products on every backend there is. Takes about a second. */
export function measureBackends(library: BlasLibrary | null, budget?: number): Speed[] {
  const speeds: Speed[] = [];
  const measure = (name: string, kernels: Kernels, n: number): void => {
    const threads = Number(kernels.traits.threads ?? 1) || 1;
    speeds.push({ backend: name, threads, n, gflops: measureGflops(kernels, n, budget) });
  };
  try {
    const kernels = backend('wasm');
    if (kernels.traits.threads !== 1) measure('wasm', createWasmBackend({ threads: 1 } as WasmOptions), LARGE);
    measure('wasm', kernels, LARGE);
  } catch (error) {
    if (!(error instanceof UserError)) throw error; // told of among the findings
  }
  if (library !== null) measure('blas', new BlasBackend(library), LARGE);
  measure('reference', backend('reference'), SMALL);
  return speeds;
}

/** What can be drawn here. */
export function examineTerminal({ isTerminal, width, colors, unicode }: Capabilities): Finding {
  const parts = [
    isTerminal ? `a terminal, ${width} columns` : `no terminal: plain lines, ${width} columns`,
    colors === 0 ? 'no colours' : `${colors} colours`,
    unicode ? 'Unicode' : 'ASCII only',
  ];
  return { name: 'output', key: 'output', state: 'note', text: parts.join(', '), facts: { isTerminal, width, colors, unicode } };
}
