/** The state of a lab: in the address, in the browser's memory, and with a way back. */
import { untrack } from 'svelte';
import { here, type Route, shellKeys, showState } from '../shell/router.svelte.ts';
import { recall, remember } from '../shell/storage.ts';
import type { Codec, Problem } from './codec.ts';

const KEPT = 200;
/** Of the way back and forth, what outlasts the page: so many states, and characters of their addresses, the nearest first. */
const LASTING = 50;
const LASTING_TEXT = 200_000;

/** Until the first lab is opened: whether the page was loaded again, which leaves the address as it was some moments before. */
let isReload = (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined)?.type === 'reload';

/** What an address says besides the state: what becomes by itself, such as the step at which a run stands, so that there is nothing to undo. */
export interface Moment {
  /** Its key in the address. */
  readonly key: string;
  /** What is so now; '' is left out. */
  write(): string;
  /** What an address asks for, as it was opened or typed; null where it says nothing. */
  read(text: string | null): void;
}

/**
 * The state is replaced, never mutated: `lab.change({ lr: 0.1 })`. Every change can be undone, also after a reload; those that follow each other with the
 * same `merge` (the moves of one slider) are one. The address and the browser's memory follow by themselves. An address that is opened is one more
 * change to what the last visit left.
 */
export class LabState<S extends object> {
  readonly #route: Route;
  readonly #codec: Codec<S>;
  readonly #moment: Moment | null;
  readonly #texts = new WeakMap<S, string>();
  #now: S = $state.raw()!;
  #past: readonly S[] = $state.raw([]);
  #future: readonly S[] = $state.raw([]);
  #problems: readonly Problem[] = $state.raw([]);
  /** What was kept last of both. */
  #keptPast: readonly S[] | null = null;
  #keptFuture: readonly S[] | null = null;
  #merging: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = Number.NEGATIVE_INFINITY;

  /** The state in the address; where it says nothing of the lab, that of the last visit; else the initial one. */
  constructor(route: Route, codec: Codec<S>, moment: Moment | null = null) {
    this.#route = route;
    this.#codec = codec;
    this.#moment = moment;
    this.#now = codec.initial;
    this.#open(here().query);
    // An address that a person typed or pasted while the lab is open is one more change.
    const first = here();
    $effect(() => {
      const place = here();
      if (place.route === route && place !== first) untrack(() => this.#take(place.query));
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
    if (this.#future.length > 0) this.#future = [];
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

  /** The moment is another: the address and the browser's memory follow. */
  noteMoment(): void {
    this.#soon();
  }

  /** The address of this state, whole. */
  link(): string {
    this.#write();
    return location.href;
  }

  /** An address that a person typed while the lab was open. */
  #take(query: URLSearchParams): void {
    if (!this.#mentions(query)) return;
    const { state, problems } = this.#codec.read(query);
    this.#problems = problems;
    this.#moment?.read(query.get(this.#moment.key));
    this.change(state);
  }

  /** The lab is opened: at what the address says, else at what the last visit left. */
  #open(query: URLSearchParams): void {
    const kept = recall(this.#route);
    const before = kept === null ? null : new URLSearchParams(kept);
    // A page that is loaded again goes on from what it kept as it went, which the address may not have been told any more.
    const isAsked = this.#mentions(query) && !(isReload && before !== null);
    isReload = false;
    if (!isAsked && before === null) return;
    const asks = isAsked ? query : before!;
    const { state, problems } = this.#codec.read(asks);
    if (isAsked) this.#problems = problems;
    const left = before === null ? null : this.#codec.read(before).state;
    const isSame = left !== null && this.#same(left, state);
    if (left !== null) this.#recallHistory(isSame ? [] : [left], isSame);
    this.#moment?.read(asks.get(this.#moment.key));
    this.#set(state);
  }

  /** @param further states after those that were kept, before the one that is shown now */
  #recallHistory(further: readonly S[], withFuture: boolean): void {
    try {
      const { past, future } = JSON.parse(recall(`${this.#route}:history`) ?? '{}') as { past?: unknown; future?: unknown };
      const statesOf = (texts: unknown): S[] =>
        Array.isArray(texts) ? texts.map(text => this.#codec.read(new URLSearchParams(String(text))).state) : [];
      this.#past = [...statesOf(past), ...further];
      this.#future = withFuture ? statesOf(future) : [];
    } catch {
      this.#past = further; // somebody else wrote there
    }
  }

  /** Whether the query says anything of the lab's state. */
  #mentions(query: URLSearchParams): boolean {
    return [...query.keys()].some(key => !shellKeys.includes(key as never));
  }

  #same(a: S, b: S): boolean {
    return this.#textOf(a) === this.#textOf(b);
  }

  #textOf(state: S): string {
    let text = this.#texts.get(state);
    if (text === undefined) {
      text = this.#codec.write(state).toString();
      this.#texts.set(state, text);
    }
    return text;
  }

  /** The state and the moment as a query. */
  #query(): URLSearchParams {
    const query = this.#codec.write(this.#now);
    const moment = this.#moment?.write() ?? '';
    if (this.#moment !== null && moment !== '') query.set(this.#moment.key, moment);
    return query;
  }

  #set(state: S): void {
    this.#now = state;
    // At once, so that a reload right after finds it.
    this.#keep();
    this.#soon();
  }

  #soon(): void {
    // Of the many moves of a slider only some are put into the address: browsers refuse too many in a short time.
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
    const query = this.#query();
    // An address that said nothing would mean the last state of whoever opens it.
    if (query.size === 0) query.set('start', '1');
    showState(this.#route, query);
  }

  #keep(): void {
    remember(this.#route, this.#query().toString());
    if (this.#past === this.#keptPast && this.#future === this.#keptFuture) return;
    this.#keptPast = this.#past;
    this.#keptFuture = this.#future;
    let room = LASTING_TEXT;
    const lasting = (states: readonly S[]): string[] => {
      const texts: string[] = [];
      for (const state of states.slice(0, LASTING)) {
        const text = this.#textOf(state);
        room -= text.length;
        if (room < 0) break;
        texts.push(text);
      }
      return texts;
    };
    const past = lasting(this.#past.toReversed()).reverse();
    remember(`${this.#route}:history`, JSON.stringify({ past, future: lasting(this.#future) }));
  }
}
