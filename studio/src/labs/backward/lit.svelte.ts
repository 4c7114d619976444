/** What is pointed at, by mouse or focus: formula, number, node, edge, row and piece of text that mean the same light up together. */

/** `v:z1` a value, `g:z1` a gradient, `l:e3` a local derivative, `p:e3` what flows along an edge, `n:z1` a node with all of it. */
export type Key = `${'v' | 'g' | 'l' | 'p' | 'n'}:${string}`;

class Lit {
  key: Key | null = $state(null);

  /** Attributes for an element that stands for the key. */
  readonly on = (key: Key) => ({
    onpointerenter: () => {
      this.key = key;
    },
    onpointerleave: () => {
      if (this.key === key) this.key = null;
    },
    onfocus: () => {
      this.key = key;
    },
    onblur: () => {
      if (this.key === key) this.key = null;
    },
  });

  /** Whether an element of this key is to light up. */
  has(key: Key): boolean {
    if (this.key === null) return false;
    return this.key === key || (/^[nvg]:/.test(key) && (this.key[0] === 'n' || key[0] === 'n') && this.key.slice(2) === key.slice(2));
  }
}

export const lit: Lit = new Lit();
