/** Korean particles that depend on the sound before them: 값을, 함수를; 7로, 3으로. */

/** How the sound ends: in a vowel, in ㄹ (after which 로 stays 로), or in another consonant. */
type Ending = 'vowel' | 'ㄹ' | 'consonant';

/** Digits as they are read: 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구. */
const digits: readonly Ending[] = ['consonant', 'ㄹ', 'vowel', 'consonant', 'vowel', 'vowel', 'consonant', 'ㄹ', 'ㄹ', 'vowel'];

/** Letters whose Korean name ends in a consonant: 엘, 엠, 엔, 엡실론, 오미크론, 입실론. */
const letters: Readonly<Record<string, Ending>> = {
  l: 'ㄹ',
  m: 'consonant',
  n: 'consonant',
  ε: 'consonant',
  ο: 'consonant',
  υ: 'consonant',
};

function endingOf(text: string): Ending {
  // Signs at the end, such as a quote, are not read.
  const last = /[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u.exec(text)?.[0].toLowerCase();
  if (last === undefined) return 'vowel';
  if (/[가-힣]/.test(last)) {
    const final = (last.charCodeAt(0) - 0xac00) % 28;
    return final === 0 ? 'vowel' : final === 8 ? 'ㄹ' : 'consonant';
  }
  return /[0-9]/.test(last) ? digits[Number(last)] : (letters[last] ?? 'vowel');
}

/** Both forms, as a message writes them: after a consonant, after a vowel. */
const particles: Readonly<Record<string, readonly [string, string]>> = {
  '은(는)': ['은', '는'],
  '이(가)': ['이', '가'],
  '을(를)': ['을', '를'],
  '과(와)': ['과', '와'],
  '(으)로': ['으로', '로'],
  '(이)라': ['이라', '라'],
};

const written = /은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로|\(이\)라/g;

/**
 * The text with each particle that is written both ways, as in 'w을(를)', in the one form that fits what stands before it; digits and Latin letters as they
 * are read in Korean.
 */
export function josa(text: string): string {
  return text.replace(written, (both, at: number, whole: string) => {
    const ending = endingOf(whole.slice(0, at));
    const [afterConsonant, afterVowel] = particles[both];
    return ending === 'vowel' || (both === '(으)로' && ending === 'ㄹ') ? afterVowel : afterConsonant;
  });
}
