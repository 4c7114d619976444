/** Light, dark, or as the system is. */
import { recall, remember } from './storage.ts';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
let chosen = $state<Theme>('auto');
let system = $state(systemIsDark.matches);

systemIsDark.addEventListener('change', () => {
  system = systemIsDark.matches;
});

export function theme(): Theme {
  return chosen;
}

/** What is in fact shown: for canvases, which cannot follow a style sheet. */
export function isDark(): boolean {
  return chosen === 'auto' ? system : chosen === 'dark';
}

export function setTheme(wanted: Theme): void {
  chosen = wanted;
  document.documentElement.dataset.theme = wanted;
  remember('theme', wanted === 'auto' ? null : wanted);
}

export function startTheme(asked: string | null): void {
  const wanted = themes.find(name => name === asked) ?? themes.find(name => name === recall('theme')) ?? 'auto';
  chosen = wanted;
  document.documentElement.dataset.theme = wanted;
}

const colours = new Map<string, string>();

/**
 * The colour that a custom property has now, as a canvas takes it. Reads the theme, so that an effect runs again when it changes. To ask the browser means to
 * compute the styles of the page, so each colour of a theme is asked for once.
 */
export function colour(property: `--${string}`): string {
  const key = `${isDark()} ${property}`;
  let found = colours.get(key);
  if (found === undefined) {
    const probe = document.createElement('span');
    probe.style.color = `var(${property})`;
    document.body.append(probe);
    found = getComputedStyle(probe).color;
    probe.remove();
    colours.set(key, found);
  }
  return found;
}
