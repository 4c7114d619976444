/** Where a training spends its time and memory: by phase, and by op and layer. */
import { type EdgeObserver, observeEdges } from '../autograd/backward.ts';
import { observeOps } from '../autograd/mode.ts';
import type { Kernels } from '../backend/kernels.ts';
import type { Module } from '../nn/module.ts';
import type { Origin, Tensor } from '../tensor/tensor.ts';
import type { OpTime, Phase, PhaseTime, Profile } from './events.ts';

interface Spent {
  seconds: number;
  calls: number;
}

/**
 * A clock that is always in one phase: what passes belongs to it, so that the phases together are the wall time. Each op is timed from the end of the one
 * before, so what happens between two belongs to the later. Costs a few clock readings a step and one an op (`node bench/diagnosis.mjs`).
 */
export class Profiler {
  private readonly kernels: Kernels;
  private readonly owners = new Map<Tensor, string>();
  private phase: Phase = 'rest';
  private since: number;
  private lap = 0;
  private readonly began: number;
  private epochBegan: number;
  private readonly whole = new Table();
  private ofEpoch = new Table();
  private readonly ops = new Map<string, OpTime & Spent>();

  constructor(model: Module, kernels: Kernels) {
    this.kernels = kernels;
    const modules = new Map(model.namedModules());
    for (const [name, parameter] of model.namedParameters()) {
      const path = name.slice(0, Math.max(0, name.lastIndexOf('.')));
      this.owners.set(parameter, `${path} ${modules.get(path)?.constructor.name ?? ''}`.trim());
    }
    this.since = performance.now();
    this.began = this.since;
    this.epochBegan = this.since;
  }

  /** From here on time belongs to `phase`. Gives the one before. */
  enter(phase: Phase): Phase {
    const now = performance.now();
    const before = this.phase;
    const { live } = this.kernels.usage();
    this.whole.add(before, now - this.since, live);
    this.ofEpoch.add(before, now - this.since, live);
    this.phase = phase;
    this.since = now;
    return before;
  }

  /** Runs `work` with its ops timed. */
  forward<T>(work: () => T): T {
    this.lap = performance.now();
    return observeOps((_, origin) => this.count('forward', origin), work);
  }

  /** Runs a backward pass with its ops timed. */
  backward<T>(work: () => T): T {
    this.lap = performance.now();
    const watch: EdgeObserver = z => {
      if (z.origin !== null) this.count('backward', z.origin);
    };
    return observeEdges(watch, work);
  }

  /** What an epoch took since the last; or, at the end, all of it, with the ops that took most. */
  report(epoch: number | null): Profile {
    this.enter(this.phase);
    const table = epoch === null ? this.whole : this.ofEpoch;
    const wall = (this.since - (epoch === null ? this.began : this.epochBegan)) / 1000;
    this.ofEpoch = new Table();
    this.epochBegan = this.since;
    const ops = [...this.ops.values()].sort((a, b) => b.seconds - a.seconds);
    return { type: 'profile', epoch, wall, phases: table.rows(), ...(epoch === null ? { ops } : {}) };
  }

  private count(pass: OpTime['pass'], { op, inputs, attrs }: Origin): void {
    const now = performance.now();
    const owner = inputs.map(input => this.owners.get(input)).find(one => one !== undefined) ?? '';
    const { activation = 'none' } = (attrs ?? {}) as { activation?: string };
    const name = activation === 'none' ? op.name : `${op.name} + ${activation}`;
    const key = `${pass} ${owner} ${name}`;
    let one = this.ops.get(key);
    if (one === undefined) {
      one = { pass, layer: owner, op: name, seconds: 0, calls: 0 };
      this.ops.set(key, one);
    }
    one.seconds += (now - this.lap) / 1000;
    one.calls++;
    this.lap = now;
  }
}

class Table {
  private readonly spent = new Map<Phase, Spent & { peakBytes: number }>();

  add(phase: Phase, milliseconds: number, bytes: number): void {
    let one = this.spent.get(phase);
    if (one === undefined) {
      one = { seconds: 0, calls: 0, peakBytes: 0 };
      this.spent.set(phase, one);
    }
    one.seconds += milliseconds / 1000;
    one.calls++;
    if (bytes > one.peakBytes) one.peakBytes = bytes;
  }

  rows(): PhaseTime[] {
    return phases.flatMap(name => {
      const spent = this.spent.get(name);
      return spent === undefined ? [] : [{ name, ...spent }];
    });
  }
}

const phases: readonly Phase[] = ['data', 'forward', 'loss', 'backward', 'update', 'validation', 'checkpoint', 'rest'];
