/** Names and rules of the library, as TeX. */

/** w1 as w₁, w1_12 as w₁,₁₂ with its layer above; a name of letters stands upright when it is a word. */
export function texName(id: string): string {
  const [, letters, digits, rest] = /^(\p{L}+)(\d*)(?:_(.+))?$/u.exec(id) ?? [];
  if (letters === undefined) return `\\text{${escaped(id)}}`;
  const base = [...letters].length === 1 && /[a-z]/i.test(letters) ? letters : `\\text{${escaped(letters)}}`;
  const upper = rest === undefined ? '' : `^{(${digits})}`;
  const lower = rest ?? digits;
  return `${base}${digits === '' && rest !== undefined ? '' : upper}${lower === '' ? '' : `_{${escaped(lower)}}`}`;
}

function escaped(text: string): string {
  return text.replace(/[\\{}$&#%_^~]/g, character => (character === '\\' ? '' : `\\${character}`));
}

/** ∂L/∂w */
export function texPartial(loss: string, id: string): string {
  return `\\frac{\\partial ${texName(loss)}}{\\partial ${texName(id)}}`;
}

const words: Readonly<Record<string, string>> = {
  σ: '\\sigma',
  exp: '\\exp',
  log: '\\log',
  ln: '\\ln',
  sin: '\\sin',
  cos: '\\cos',
  tanh: '\\tanh',
  max: '\\max',
  min: '\\min',
  sqrt: '\\operatorname{sqrt}',
  sign: '\\operatorname{sign}',
  relu: '\\operatorname{ReLU}',
  π: '\\pi',
};

const signs: Readonly<Record<string, string>> = {
  '×': '\\times ',
  '−': '-',
  '²': '^2',
  '*': '\\cdot ',
  '√': '\\surd ',
  '(': '(',
  ')': ')',
};

/**
 * An equation or rule of the library as TeX: 'z3 (1 − z3)', '1 if u > 0 else 0', 'σ(z1)'.
 *
 * @param names the names of values in it; other words are functions
 */
export function texOf(text: string, names: ReadonlySet<string>, otherwise: string): string {
  const choice = /^(.+) if (.+) else (.+)$/.exec(text);
  if (choice !== null) {
    const [yes, condition, no] = choice.slice(1).map(part => texOf(part, names, otherwise));
    return `\\begin{cases}${yes} & ${condition}\\\\${no} & \\text{${otherwise}}\\end{cases}`;
  }
  const tokens = text.match(/[\p{L}_][\p{L}\p{M}\p{Nd}_]*|\d+(?:\.\d+)?(?:e-?\d+)?|\s+|./gu) ?? [];
  let out = '';
  let raised = 0;
  tokens.forEach((token, i) => {
    if (names.has(token)) out += texName(token);
    else if (/^[\p{L}_]/u.test(token)) out += token in words ? `${words[token]} ` : `\\operatorname{${escaped(token)}}`;
    else if (/^\s+$/.test(token))
      out += /[\p{L}\p{N})]/u.test(tokens[i - 1]?.at(-1) ?? '') && /[\p{L}\p{N}(]/u.test(tokens[i + 1]?.[0] ?? '') ? '\\,' : ' ';
    else if (token === '^') {
      // What is raised stands in braces: one token, or what is in parentheses.
      const after = tokens[i + 1];
      out += after === '(' ? '^{' : '^';
      raised = after === '(' ? 1 : 0;
    } else if (raised > 0 && token === '(' && tokens[i - 1] === '^') out += '';
    else if (raised > 0 && token === ')') {
      out += '}';
      raised = 0;
    } else out += signs[token] ?? token;
  });
  return out;
}

/** A number in TeX: 1.2e-7 with its power of ten. */
export function texNumber(text: string): string {
  const [, mantissa, exponent] = /^(.+)e(-?\d+)$/.exec(text) ?? [];
  return mantissa === undefined ? text : `${mantissa}\\cdot 10^{${exponent}}`;
}
