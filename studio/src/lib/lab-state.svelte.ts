/** The state of a lab: in the address, in the browser's memory, and with a way back. */
import { untrack } from 'svelte';
import { here, type Route, shellKeys, showState } from '../shell/router.svelte.ts';
import { recall, remember } from '../shell/storage.ts';
import type { Codec, Problem } from './codec.ts';

const KEPT = 200;

/**
 * The state is replaced, never mutated: `lab.change({ lr: 0.1 })`. Every change can be undone; those that follow each other with the same `merge` (the
 * moves of one slider) are one. The address and the browser's memory follow by themselves.
 */
export class LabState<S extends object> {
  readonly #route: Route;
  readonly #codec: Codec<S>;
  #now: S = $state.raw()!;
  #past: readonly S[] = $state.raw([]);
  #future: readonly S[] = $state.raw([]);
  #problems: readonly Problem[] = $state.raw([]);
  #merging: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = Number.NEGATIVE_INFINITY;

  /** The state in the address; where it says nothing of the lab, that of the last visit; else the initial one. */
  constructor(route: Route, codec: Codec<S>) {
    this.#route = route;
    this.#codec = codec;
    this.#now = codec.initial;
    this.#take(here().query, true);
    // An address that a person typed or pasted while the lab is open is one more change.
    $effect(() => {
      const { route: asked, query } = here();
      if (asked === route) untrack(() => this.#take(query, false));
    });
    const flush = (): void => this.#write();
    addEventListener('pagehide', flush);
    $effect(() => () => {
      removeEventListener('pagehide', flush);
      clearTimeout(this.#timer);
      this.#keep();
    });
  }

  get now(): S {
    return this.#now;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  dismissProblems(): void {
    this.#problems = [];
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  change(patch: Partial<S>, { merge = null }: { readonly merge?: string | null } = {}): void {
    const next = { ...this.#now, ...patch };
    if (this.#same(next, this.#now)) return;
    if (merge === null || merge !== this.#merging) this.#past = [...this.#past.slice(-KEPT), this.#now];
    this.#merging = merge;
    this.#future = [];
    this.#set(next);
  }

  /** Ends what `merge` holds together: the slider was let go. */
  settle(): void {
    this.#merging = null;
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (before === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [this.#now, ...this.#future];
    this.#merging = null;
    this.#set(before);
  }

  redo(): void {
    const [next, ...rest] = this.#future;
    if (next === undefined) return;
    this.#future = rest;
    this.#past = [...this.#past, this.#now];
    this.#merging = null;
    this.#set(next);
  }

  reset(): void {
    this.change(this.#codec.initial);
  }

  /** The address of this state, whole. */
  link(): string {
    this.#write();
    return location.href;
  }

  #take(query: URLSearchParams, first: boolean): void {
    const kept = first && !this.#mentions(query) ? recall(this.#route) : null;
    if (kept === null && first && !this.#mentions(query)) return;
    if (!first && !this.#mentions(query)) return;
    const { state, problems } = this.#codec.read(kept === null ? query : new URLSearchParams(kept));
    this.#problems = kept === null ? problems : [];
    if (first) this.#set(state);
    else this.change(state);
  }

  /** Whether the query says anything of the lab's state. */
  #mentions(query: URLSearchParams): boolean {
    return [...query.keys()].some(key => !shellKeys.includes(key as never));
  }

  #same(a: S, b: S): boolean {
    return this.#codec.write(a).toString() === this.#codec.write(b).toString();
  }

  #set(state: S): void {
    this.#now = state;
    // At once, so that a reload right after finds it; of the many moves of a slider only some: browsers refuse too many in a short time.
    clearTimeout(this.#timer);
    const wait = this.#written + 200 - performance.now();
    if (wait <= 0) this.#write();
    else this.#timer = setTimeout(() => this.#write(), wait);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#written = performance.now();
    this.#keep();
    if (here().route !== this.#route) return;
    const query = this.#codec.write(this.#now);
    // An address that said nothing would mean the last state of whoever opens it.
    if (query.size === 0) query.set('start', '1');
    showState(this.#route, query);
  }

  #keep(): void {
    remember(this.#route, this.#codec.write(this.#now).toString());
  }
}
