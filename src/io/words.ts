/** What readers of files share in their messages. */

/** A value out of a file as JSON for a message: short, whatever a hostile file holds. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? 'undefined';
  } catch {
    text = 'a value nested too deep to show';
  }
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** A name out of a file in quotes for a message, cut where it is long. */
export function named(name: string): string {
  return name.length <= 60 ? `'${name}'` : `'${name.slice(0, 57)}...'`;
}
