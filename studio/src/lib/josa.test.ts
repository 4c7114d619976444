import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { chooseParticles } from '../../build/particles.ts';
import { josa } from './josa.ts';

test.each([
  ['덧셈을(를)', '덧셈을'],
  ['활성화 함수을(를)', '활성화 함수를'],
  ['덧셈(으)로', '덧셈으로'],
  ['곱셈은(는) 활성화 함수과(와)', '곱셈은 활성화 함수와'],
  // 서울로, and digits as they are read: 일, 이, 삼, 칠.
  ['서울(으)로', '서울로'],
  ['1을(를) 7(으)로', '1을 7로'],
  ['3을(를) 0(으)로', '3을 0으로'],
  ['2이(가) 5(으)로', '2가 5로'],
  ['−0.1966은(는)', '−0.1966은'],
  // Names: 비, 엘, 더블유 일.
  ['b을(를)', 'b를'],
  ['L이(가)', 'L이'],
  ['L(으)로', 'L로'],
  ['w1을(를) x2(으)로', 'w1을 x2로'],
  ['ε은(는) α과(와)', 'ε은 α와'],
  // What is quoted is read without its quotes.
  ["'z3'을(를)", "'z3'을"],
  ["'backwards'(이)라는", "'backwards'라는"],
  // A list, and nothing at all.
  ['u, w은(는)', 'u, w는'],
  ['을(를)', '를'],
  ['확률 (0.5) 그대로', '확률 (0.5) 그대로'],
])('%s: %s', (written, read) => {
  expect(josa(written)).toBe(read);
});

describe('in the compiled messages', () => {
  const compiled = `const ko_x = (i) => {\n\treturn /** @type {LocalizedString} */ (\`\${i?.name}을(를) 열었습니다\`)\n};\n`;

  test('a message with a particle written both ways chooses by what it is filled with', () => {
    const code = chooseParticles(compiled);
    expect(code).toContain("from '../../lib/josa.ts'");
    const body = code!.replace(/^import .*\n/, '');
    const say = new Function('josa', `${body}return ko_x;`)(josa) as (inputs: { name: string }) => string;
    expect(say({ name: 'w1' })).toBe('w1을 열었습니다');
    expect(say({ name: 'b' })).toBe('b를 열었습니다');
  });

  test('another message is left as it is', () => {
    expect(chooseParticles(compiled.replace('을(를)', '의 값을'))).toBeNull();
  });

  test('no message has a pair of forms that is not known', () => {
    const folder = fileURLToPath(new URL('../../messages/ko', import.meta.url));
    const messages = readdirSync(folder).flatMap(file => Object.values<string>(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))));
    expect(messages.filter(message => /을\(를\)/.test(message)).length).toBeGreaterThan(0);
    expect(messages.map(josa).filter(message => /\((은|는|이|가|을|를|과|와|으)\)/.test(message))).toEqual([]);
  });
});
