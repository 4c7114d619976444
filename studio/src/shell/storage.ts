/** What a person made, kept between visits. A browser that keeps nothing (private, or full) is no error: the studio then works without. */
const prefix = 'chainrule-studio:';

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    // nothing can be kept here
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}
