import type { Plugin } from 'vite';

const koreanText = /(const ko_\w+ = [^\n]*\n\treturn \/\*\* @type \{LocalizedString\} \*\/ )(\(`(?:[^`\\]|\\.)*`\))/g;
const bothForms = /은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로|\(이\)라/;

/** A compiled message whose Korean has a particle written both ways, such as 을(를): it chooses when it is filled. null: there is none. */
export function chooseParticles(code: string): string | null {
  let found = false;
  const chosen = code.replace(koreanText, (whole, before: string, text: string) => {
    if (!bothForms.test(text)) return whole;
    found = true;
    return `${before}/** @type {any} */ (josa${text})`;
  });
  return found ? `import { josa } from '../../lib/josa.ts';\n${chosen}` : null;
}

/** Korean particles by the sound of what stands before them. */
export function particles(): Plugin {
  return {
    name: 'particles',
    transform: {
      filter: { id: /\/paraglide\/messages\/\w+\.js$/ },
      handler: code => chooseParticles(code),
    },
  };
}
