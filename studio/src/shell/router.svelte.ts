/** Where we are: `#/backward?e=u*v`. The query is the state of the lab; a few keys are the shell's. */

export const routes = ['home', 'backward', 'playground', 'mnist'] as const;
export type Route = (typeof routes)[number];

/** The shell's own keys of the query; a lab's must be others. */
export const shellKeys = ['hide', 'lang', 'theme'] as const;

export interface Place {
  readonly route: Route;
  readonly query: URLSearchParams;
  /** what was asked for, where it is no route */
  readonly unknown: string | null;
}

export function parseHash(hash: string): Place {
  const [, name = '', query = ''] = /^#?\/?([^?]*)(?:\?(.*))?$/s.exec(hash) ?? [];
  const asked = name.replace(/\/+$/, '');
  const route = asked === '' ? 'home' : routes.find(one => one === asked);
  return { route: route ?? 'home', query: new URLSearchParams(query), unknown: route === undefined ? asked : null };
}

/** `#/backward?e=u*v&hide=share`; keys whose value is empty are kept, so that an empty text is one. */
export function writeHash(route: Route, query: URLSearchParams): string {
  // What is legal in a fragment stays readable there.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%3D', '=');
  return `#/${route === 'home' ? '' : route}${text === '' ? '' : `?${text}`}`;
}

let place = $state.raw<Place>(parseHash(location.hash));
/** What we wrote ourselves is no news. */
let written = location.hash;

addEventListener('hashchange', () => {
  if (location.hash === written) return;
  written = location.hash;
  place = parseHash(location.hash);
});

export function here(): Place {
  return place;
}

/** The shell's part of the query, which stays while one goes from lab to lab. */
export function shellQuery(): URLSearchParams {
  const kept = new URLSearchParams();
  for (const key of shellKeys) {
    const value = place.query.get(key);
    if (value !== null) kept.set(key, value);
  }
  return kept;
}

/** The address of a lab, from where we are. */
export function hrefOf(route: Route): string {
  return writeHash(route, shellQuery());
}

/** Puts the lab's state into the address, without a new entry in the browser's history and without a new reading of it. */
export function showState(route: Route, state: URLSearchParams): void {
  // An address that was typed and is yet to be read counts for more; the state that comes of it is shown then.
  if (location.hash !== written) return;
  const query = shellQuery();
  for (const [key, value] of state) query.set(key, value);
  const hash = writeHash(route, query);
  written = hash;
  history.replaceState(history.state, '', hash);
  // The browser may write a character of it another way.
  written = location.hash;
}
