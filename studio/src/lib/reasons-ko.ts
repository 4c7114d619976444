/**
 * What the library says of bad input, in Korean: each form of a message, and how it is said. The library speaks English; in English the studio shows its
 * words as they are. `reasons.test.ts` provokes each line's form from where it comes, and fails for one that nothing is said in.
 */

export type Form = readonly [form: RegExp, say: (...parts: string[]) => string];

const kinds: Readonly<Record<string, string>> = {
  'true or false': 'true 또는 false',
  'a text': '문자열',
  'a number': '수',
  'an object': '객체',
  'a list of activations': '활성화 함수 목록',
  'whole numbers of at least 1': '1 이상의 정수들',
  'a whole number below 2^53': '2^53보다 작은 정수',
  'two numbers of at least 0 and below 1': '0 이상 1 미만인 수 두 개',
  'three numbers x, y and class or value': 'x, y, 클래스 또는 값의 세 수',
};

const wants: readonly Form[] = [
  [/^a whole number of at least (\S+)$/, least => `${least} 이상의 정수`],
  [/^a number of at least 0 and below 1$/, () => '0 이상 1 미만의 수'],
  [/^a number of at least (\S+)$/, least => `${least} 이상의 수`],
  [/^a number above (\S+)$/, bound => `${bound}보다 큰 수`],
  [/^a number from (\S+) to (\S+)$/, (low, high) => `${low}부터 ${high}까지의 수`],
  [/^one of (.+), or a list with one for each hidden layer$/, names => `다음 중 하나(${names}), 또는 은닉층마다 하나씩 적은 목록`],
  [/^one of (.+)$/, names => `다음 중 하나: ${names}`],
];

function wanted(text: string): string {
  return kinds[text] ?? translated(text, wants) ?? text;
}

const parts: Readonly<Record<string, string>> = { validation: '검증', test: '테스트', train: '훈련' };
const partName = (name: string): string => parts[name] ?? name;

const damaged = '다른 체크포인트를 쓰세요';

const places = (where: string): string =>
  where
    .replace(/^layer ('.+') \((.+)\)$/, '층 $1($2)')
    .replace(/^the layer of the parameter ('.+')$/, '매개변수 $1의 층')
    .replace(/^the loss, or the model itself$|^the loss$/, '손실 또는 모델 자체');

/** Where the first number that is not finite arose. */
const findings: readonly Form[] = [
  [
    /^the first tensor that is not finite is the output (\S.*?) of the op '(.+?)' in (.+), which holds (\S+); .+$/,
    (shape, op, where, value) =>
      `처음으로 유한하지 않은 텐서는 ${places(where)}에 있는 연산 '${op}'의 출력 ${shape}이며, 값은 ${value}입니다`,
  ],
  [
    /^the first gradient that is not finite is that of input (\d+) (\S.*?) of the op '(.+?)' in (.+), which holds (\S+) on its way back; .+$/,
    (input, shape, op, where, value) =>
      `처음으로 유한하지 않은 기울기는 ${places(where)}에 있는 연산 '${op}'의 입력 ${input} ${shape}에 대한 것이며, 값은 ${value}입니다`,
  ],
  [
    /^the (input|target) (.+) already holds (\S+), so it is in the data$/,
    (what, _, value) => `${what === 'input' ? '입력' : '목표'}에 이미 ${value}이(가) 있습니다. 데이터에서 온 것입니다`,
  ],
  [
    /^the parameter '(.+)' .+ already holds (\S+): the update before this step was too large$/,
    (name, value) => `매개변수 '${name}'에 이미 ${value}이(가) 있습니다. 바로 전의 갱신이 너무 컸습니다`,
  ],
  [
    /^computed again, every (?:tensor|gradient) is finite: .+$/,
    () => '다시 계산하면 모든 값이 유한합니다. 손실이나 더해진 값이 너무 컸습니다',
  ],
];

const finding = (text: string): string => translated(text, findings) ?? text;

/** Each line of a message by itself. A part in parentheses that is not named here is shown as it is: names, numbers, what was given. */
export const lines: readonly Form[] = [
  // settings, and addresses that hold them
  [
    /^(?:.+: )?'(.+)' is not an option(?:; known here are (.+))?$/,
    (path, known) => `'${path}'은(는) 없는 설정입니다${known ? `. 여기서 쓸 수 있는 것: ${known}` : ''}`,
  ],
  [/^(?:.+: )?'(.+)' is a list; it must be an object$/, path => `'${path}'은(는) 목록입니다. 객체여야 합니다`],
  [/^(?:.+: )?'(.+)' is missing$/, path => `'${path}'이(가) 빠졌습니다`],
  [/^(?:.+: )?'(.+)' is (.+); it must be (.+)$/s, (path, given, want) => `'${path}'의 값이 ${given}입니다. 필요한 값: ${wanted(want)}`],
  [
    /^(.+): (.+) was given; (?:it|each) must be (.+)$/,
    (flag, given, want) => `${flag}: ${given}을(를) 받았습니다. 필요한 값: ${wanted(want)}`,
  ],
  [
    /^(.+): (.+) was given; another value must follow it$/,
    (flag, given) => `${flag}: ${given}을(를) 받았습니다. 뒤에 값이 하나 더 있어야 합니다`,
  ],
  [
    /^(\S+): (\S+) (\S+) does not take it; it takes (.+)$/,
    (flag, _, name, known) => `${flag}: ${name}에는 없는 설정입니다. 쓸 수 있는 것: ${known}`,
  ],
  [/^(.+) is no option$/, name => `${name}은(는) 없는 설정입니다`],
  [/^and (\d+) problems more$/, count => `그 밖에 ${count}개가 더 있습니다`],
  [
    /^(.+): (\d+) activations were given for (\d+) hidden layers; give one for each, or one for all$/,
    (where, given, layers) => `${where}: 은닉층 ${layers}개에 활성화 함수가 ${given}개입니다. 층마다 하나씩, 또는 모두에 하나만 주세요`,
  ],
  [
    /^(.+): Nesterov's momentum needs a momentum above 0, such as 0\.9, and a dampening of 0$/,
    where => `${where}: 네스테로프 모멘텀에는 0보다 큰 모멘텀(예: 0.9)과 0인 dampening이 필요합니다`,
  ],
  [
    /^(?:.+: )?version (.+) was given; this chainrule reads version 1\. .+$/,
    given => `버전 ${given}입니다. 이 chainrule은 버전 1을 읽습니다. 그 버전의 chainrule로 다시 쓰세요`,
  ],
  [
    /^the loss is (.+), and the targets are (classes|values); set loss\.name to auto.*$/,
    (name, what) => `손실 함수는 ${name}인데 목표는 ${what === 'classes' ? '클래스' : '값'}입니다. 손실 함수를 auto로 두세요`,
  ],
  [/^a drawing as the studio writes it$/, () => '스튜디오가 적은 그대로의 그림'],
  [/^points as the studio writes them$/, () => '스튜디오가 적은 그대로의 점'],
  // points
  [/^(?:.+: )?points: noise is (.+); expected a number from 0 to 10$/, given => `노이즈가 ${given}입니다. 0부터 10까지의 수여야 합니다`],
  [
    /^(?:.+: )?points: count is (.+); expected a whole number from 4 to 100000$/,
    given => `점의 수가 ${given}입니다. 4부터 100000까지의 정수여야 합니다`,
  ],
  [
    /^(?:.+: )?points: classes is (.+); (.+) takes (?:a whole number from 2 to )?(\d+)$/,
    (given, _, most) => `클래스 수가 ${given}입니다. 이 모양에서는 ${most === '2' ? '2여야 합니다' : `2부터 ${most}까지입니다`}`,
  ],
  [
    /^(?:.+: )?points: unknown shape '(.+)'; allowed are (.+)$/,
    (given, allowed) => `'${given}'은(는) 없는 모양입니다. 쓸 수 있는 것: ${allowed}`,
  ],
  [
    /^(?:.+: )?points: (\d+) points are to be held out for (\w+), and only (\d+) are left; set .+ lower$/,
    (count, part, left) =>
      `${partName(part)}용으로 점 ${count}개를 떼어 놓아야 하는데 ${left}개만 남았습니다. ${partName(part)} 비율을 낮추세요`,
  ],
  [
    /^(?:.+: )?points: (\w+) is (.+); expected a whole number of points, or a share of at least 0 and below 1$/,
    (part, given) => `${partName(part)} 몫이 ${given}입니다. 점의 수(정수)이거나 0 이상 1 미만의 비율이어야 합니다`,
  ],
  // tables
  [/^(.+): there are no rows of data$/, source => `${source}: 데이터 행이 없습니다`],
  [
    /^(.+): (\d+) columns? found; three are needed: two of numbers, and one with the class or value to learn$/,
    (source, count) => `${source}: 열이 ${count}개입니다. 셋이 필요합니다: 수로 된 열 두 개와, 학습할 클래스나 값이 있는 열 하나`,
  ],
  [
    /^(.+), line (\d+): two columns are called '(.+)'; give each a name of its own$/,
    (source, line, name) => `${source}, ${line}번째 줄: '${name}'(이)라는 열이 둘입니다. 이름을 다르게 하세요`,
  ],
  [
    /^(.+), line (\d+): (\d+) cells, but the (?:header|first row) has (\d+); complete the row or quote cells that contain the delimiter$/,
    (source, line, cells, names) =>
      `${source}, ${line}번째 줄: 칸이 ${cells}개인데 첫 줄에는 ${names}개입니다. 줄을 채우거나, 구분 문자가 든 칸을 따옴표로 감싸세요`,
  ],
  [
    /^(.+): a quoted cell is not closed as it should be, at or after row (\d+): .+$/,
    (source, row) => `${source}: 따옴표로 연 칸이 제대로 닫히지 않았습니다 (${row}번째 행이나 그 뒤)`,
  ],
  [
    /^(.+): the column '(.+)' holds words; choose two columns of numbers$/,
    (source, name) => `${source}: '${name}' 열에는 글자가 들어 있습니다. 수로 된 열 두 개를 고르세요`,
  ],
  [/^(.+): choose two different columns for the axes$/, source => `${source}: 두 축에 서로 다른 열을 고르세요`],
  [
    /^(.+): the column '(.+)' has (\d+) classes; up to (\d+) can be told apart here$/,
    (source, name, count, most) => `${source}: '${name}' 열에 클래스가 ${count}개 있습니다. 여기서는 ${most}개까지 구별합니다`,
  ],
  [
    /^(.+), line (\d+), column '(.+)': the cell is (empty|'.+')\. Fill it, .+$/,
    (source, line, name, what) =>
      `${source}, ${line}번째 줄, '${name}' 열: 칸이 ${what === 'empty' ? '비어 있습니다' : `${what}입니다`}. 채워 주세요`,
  ],
  [
    /^(.+), line (\d+), column '(.+)': '(.*)' is (not a number|beyond the range of float32)\. .+$/,
    (source, line, name, cell, why) =>
      `${source}, ${line}번째 줄, '${name}' 열: '${cell}'은(는) ${why === 'not a number' ? '수가 아닙니다' : 'float32의 범위를 넘습니다'}. 고쳐 주세요`,
  ],
  // files of MNIST
  [/^the data set (.+) is not here; choose its files first$/, name => `${name} 데이터가 여기 없습니다. 파일을 먼저 고르세요`],
  [
    /^(.+) comes in four files, each plain or \.gz: (.+)\. (.+) is missing$/,
    (title, names, missing) => `${title}의 파일은 넷이며, 그대로거나 .gz입니다: ${names}. ${missing}이(가) 없습니다`,
  ],
  [
    /^(.+): not a whole IDX file: at byte (\d+), .*(\(cut short, or a damaged header\)|the file ends within).*$/,
    (source, at) => `${source}: 온전한 IDX 파일이 아닙니다. ${at}바이트에서 끊겼습니다 (파일이 잘렸거나 머리 부분이 손상되었습니다)`,
  ],
  [
    /^(.+): not a whole IDX file: at byte (\d+), expected (?:the two zero bytes of an IDX magic number|an element type .+), found (.+)$/,
    (source, at, found) => `${source}: IDX 파일이 아닙니다. ${at}바이트에서 ${found}이(가) 나왔습니다`,
  ],
  [
    /^(.+): not a whole IDX file: at byte (\d+), (\d+) bytes follow the last element; .+$/,
    (source, at, count) => `${source}: 온전한 IDX 파일이 아닙니다. ${at}바이트에서 끝나야 하는데 ${count}바이트가 더 있습니다`,
  ],
  [
    /^(.+): expected images of uint8 \[n, 28, 28\], found (.+)$/,
    (source, found) => `${source}: uint8 [n, 28, 28] 이미지여야 하는데 ${found}입니다`,
  ],
  [/^(.+): expected labels of uint8 \[n\], found (.+)$/, (source, found) => `${source}: uint8 [n] 레이블이어야 하는데 ${found}입니다`],
  [
    /^(.+) holds (\d+) images, (.+) (\d+) labels; each image needs one label$/,
    (images, count, labels, others) =>
      `${images}에 이미지가 ${count}개, ${labels}에 레이블이 ${others}개 있습니다. 이미지마다 레이블이 하나씩 필요합니다`,
  ],
  [
    /^(.+): at byte (\d+)(?: of the decompressed content)?, label (\d+) is (\d+), expected 0 to 9$/,
    (source, at, index, label) => `${source}: ${at}바이트의 레이블 ${index}번이 ${label}입니다. 0부터 9까지여야 합니다`,
  ],
  [
    /^(.+): the gzip content is cut short or damaged .+; get the file again$/,
    source => `${source}: gzip 내용이 잘렸거나 손상되었습니다. 파일을 다시 받으세요`,
  ],
  [
    /^(.+): decompresses to more than (\d+) bytes, the most that is accepted here$/,
    (source, most) => `${source}: 압축을 풀면 ${most}바이트를 넘어 받을 수 없습니다`,
  ],
  // runs
  [
    /^(.+): no run of chainrule: there is no experiment\.json in it$/,
    source => `${source}: chainrule의 실행이 아닙니다. experiment.json이 없습니다`,
  ],
  [
    /^(.+): the run has no checkpoint yet: there is no checkpoints\/latest in it$/,
    source => `${source}: 이 실행에는 아직 체크포인트가 없습니다 (checkpoints/latest가 없습니다)`,
  ],
  [
    /^(.+): not a zip file that can be read \(.+\); expected the zip of a run folder$/,
    source => `${source}: 읽을 수 있는 zip 파일이 아닙니다. 실행 폴더의 zip이 필요합니다`,
  ],
  [/^(.+): not JSON \(.+\); the (?:file|checkpoint) is damaged.*$/, source => `${source}: JSON이 아닙니다. 파일이 손상되었습니다`],
  [/^(.+): there is no such file; the checkpoint is not complete$/, source => `${source}: 이 파일이 없어 체크포인트가 온전하지 않습니다`],
  [
    /^(.+): its SHA-256 is .+: it was cut short or changed\. Use another checkpoint$/,
    source => `${source}: SHA-256이 기록과 다릅니다. 잘렸거나 바뀐 파일입니다. ${damaged}`,
  ],
  [
    /^(.+): the hash(?:es)? of .+ (?:is|are) missing; the checkpoint is damaged$/,
    source => `${source}: 해시가 빠졌습니다. 체크포인트가 손상되었습니다. ${damaged}`,
  ],
  [
    /^(.+): not a list of SHA-256 sums; the checkpoint is damaged\. Use another one$/,
    source => `${source}: SHA-256 목록이 아닙니다. 체크포인트가 손상되었습니다. ${damaged}`,
  ],
  [
    /^(.+): format (.+) was found; this chainrule reads formats 1 and 2$/,
    (source, found) => `${source}: 형식 ${found}입니다. 이 chainrule은 형식 1과 2를 읽습니다`,
  ],
  [
    /^(.+): '(.+)' is missing or not what it should be; the checkpoint is damaged\. Use another one$/,
    (source, field) => `${source}: '${field}'이(가) 없거나 잘못되었습니다. 체크포인트가 손상되었습니다. ${damaged}`,
  ],
  [/^(.+): not a valid safetensors file: .+$/, source => `${source}: 올바른 safetensors 파일이 아닙니다`],
  // training
  [
    /^the (?:loss became (\S+)|gradient became not finite) in epoch (\d+), step (\d+): (.+)\.$/,
    (value, epoch, step, what) =>
      `에포크 ${epoch}, 스텝 ${step}에서 ${value === '' ? '기울기가 유한하지 않게' : `손실이 ${value}이(가)`} 되었습니다: ${finding(what)}.`,
  ],
  [
    /^Try a smaller learning rate \(it was (.+)\), gradient clipping, or another initialization; .+$/,
    lr =>
      `학습률(지금 ${lr})을 낮추거나, 기울기 클리핑을 쓰거나, 초기화를 바꿔 보세요. 데이터에 수가 아니거나 아주 큰 값이 없는지도 보세요.`,
  ],
  [
    /^The products have grown beyond float32 \(3\.4e38\): .+$/,
    () => '곱이 float32의 범위(3.4e38)를 넘었습니다. 가중치나 들어오는 값이 너무 큽니다.',
  ],
];

function translated(text: string, forms: readonly Form[]): string | null {
  for (const [form, say] of forms) {
    const found = form.exec(text);
    if (found !== null) return say(...found.slice(1).map(part => part ?? ''));
  }
  return null;
}

/** A message line by line; a line that no form fits stays as the library says it. */
export function inKorean(message: string): string {
  return message
    .split('\n')
    .map(line => line.replace(/^the experiment: /, ''))
    .map(line => translated(line, lines) ?? line)
    .join('\n');
}
