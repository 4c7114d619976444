/** What runs this code, where that is Node; nothing is imported from node: a bundle for browsers must not contain it. */

interface Host {
  readonly arch?: string;
  readonly platform?: string;
  readonly versions?: Readonly<Record<string, string | undefined>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

export const host: Host | undefined = (globalThis as { process?: Host }).process;

/** A module of Node's; undefined elsewhere. */
export function builtin<T>(name: string): T | undefined {
  return host?.getBuiltinModule?.(name) as T | undefined;
}
