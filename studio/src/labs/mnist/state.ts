/** The lab's state: what is trained, and what is drawn. All of it is in the address. */
import { experimentFromFlags } from '../../../../src/experiment/flags.ts';
import type { Experiment } from '../../../../src/experiment/types.ts';
import type { Codec, Problem } from '../../lib/codec.ts';
import { flagsOf, flagText, known } from '../../run/flag-text.ts';
import { type Speed, speeds } from '../../run/speeds.ts';
import type { Part } from '../../training/protocol.ts';
import { decodeStrokes, encodeStrokes, type Stroke } from './strokes.ts';

export const dataNames = ['digits', 'mnist'] as const;
/** Of both. */
export const classNames: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
export type DataName = (typeof dataNames)[number];

export interface MnistState {
  /** Its data is `digits` or `mnist`. */
  readonly experiment: Experiment;
  readonly strokes: readonly Stroke[];
  /** Which part the mistakes are shown of. */
  readonly part: Exclude<Part, 'train'>;
  readonly speed: Speed;
}

/** What the command line trains on this data when it is told nothing else. */
export const initialExperiments: Readonly<Record<DataName, Experiment>> = {
  digits: experimentFromFlags({ flags: {}, data: { name: 'digits' } }),
  mnist: experimentFromFlags({ flags: {}, data: { name: 'mnist' } }),
};
export const initial: MnistState = { experiment: initialExperiments.digits, strokes: [], part: 'validation', speed: 0 };

export const dataNameOf = ({ data }: Experiment): DataName => (data.name === 'mnist' ? 'mnist' : 'digits');

/** The same settings on other data. */
export const onData = (experiment: Experiment, name: DataName): Experiment => ({ ...experiment, data: initialExperiments[name].data });

function readExperiment(text: string, name: DataName): Experiment {
  return experimentFromFlags({ flags: known(flagsOf(text)), data: { name } });
}

export const mnistCodec: Codec<MnistState> = {
  initial,
  write({ experiment, strokes, part, speed }) {
    const query = new URLSearchParams();
    const name = dataNameOf(experiment);
    if (name !== 'digits') query.set('data', name);
    const text = flagText(experiment);
    if (text !== flagText(initialExperiments[name])) query.set('e', text);
    if (strokes.length > 0) query.set('k', encodeStrokes(strokes));
    if (part !== initial.part) query.set('part', part);
    if (speed !== 0) query.set('speed', String(speed));
    return query;
  },
  read(query) {
    const problems: Problem[] = [];
    const given = query.get('data') ?? 'digits';
    const name = dataNames.find(one => one === given);
    if (name === undefined) problems.push({ key: 'data', given, wanted: dataNames.join(', ') });
    let experiment = initialExperiments[name ?? 'digits'];
    const text = query.get('e');
    if (text !== null) {
      try {
        experiment = readExperiment(text, name ?? 'digits');
      } catch (error) {
        problems.push({ key: 'e', given: text, wanted: error instanceof Error ? error.message.replaceAll('--', '') : String(error) });
      }
    }
    const drawn = query.get('k') ?? '';
    const strokes = decodeStrokes(drawn);
    if (strokes === undefined) problems.push({ key: 'k', given: drawn.slice(0, 40), wanted: 'a drawing as the studio writes it' });
    const part = query.get('part') ?? initial.part;
    if (part !== 'validation' && part !== 'test') problems.push({ key: 'part', given: part, wanted: 'validation, test' });
    const paced = query.get('speed') ?? '0';
    const speed = speeds.find(one => String(one) === paced);
    if (speed === undefined) problems.push({ key: 'speed', given: paced, wanted: speeds.join(', ') });
    return {
      state: { experiment, strokes: strokes ?? [], part: part === 'test' ? 'test' : 'validation', speed: speed ?? 0 },
      problems,
    };
  },
};
