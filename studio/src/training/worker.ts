/** The training worker: a session at the other end of messages. The library itself trains here, so that the page never waits. */
import '../../../src/ops/methods.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { PreparedData } from '../../../src/experiment/prepare.ts';
import { backendOf } from '../../../src/experiment/run.ts';
import type { Experiment } from '../../../src/experiment/types.ts';
import { prepareData } from './data.ts';
import type { Answer, FromWorker, Part, Question, Report, ToWorker } from './protocol.ts';
import { filtersOf, imagesOf, readAll, readDrawing } from './readings.ts';
import { Session } from './session.ts';
import { sha256Of } from './sha256.ts';

/** What is used here of a worker's scope; the DOM's types know the page's only. */
interface Scope {
  onmessage: ((event: { readonly data: { readonly run: number; readonly message: ToWorker } }) => void) | null;
  postMessage(data: { readonly run: number; readonly message: FromWorker }, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
let session: Session | null = null;
/** What the session is made of. */
let material: { readonly experiment: Experiment; readonly data: PreparedData } | null = null;
let begun: Promise<void> = Promise.resolve();
let run = 0;

scope.onmessage = ({ data }) => {
  run = data.run;
  void take(data.message).catch(error =>
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error), id: null }),
  );
};

function tell(message: FromWorker, transfer: Transferable[] = []): void {
  scope.postMessage({ run, message }, transfer);
}

async function take(message: ToWorker): Promise<void> {
  if (message.type === 'start') {
    begun = begin(message);
    return begun;
  }
  // Data may take its time; what is asked meanwhile is for the run that it is for.
  const own = run;
  await begun.catch(() => undefined);
  if (own !== run) return;
  switch (message.type) {
    case 'play':
      return session?.play();
    case 'pause':
      return session?.pause();
    case 'goTo':
      return session?.goTo(message.step);
    case 'speed':
      return session?.setSpeed(message.stepsPerSecond);
    case 'watch':
      return session?.setWatch(message.watch);
    case 'seen':
      return session?.seen();
    case 'ask':
      return ask(message.id, message.question);
  }
}

async function begin({ experiment, watch, from, files }: Extract<ToWorker, { type: 'start' }>): Promise<void> {
  session?.close();
  session = null;
  const own = run;
  const isOwn = (): boolean => own === run;
  let isReady = false;
  const data = await prepareData(experiment, files);
  if (!isOwn()) return;
  const started: Session = new Session({
    experiment,
    data,
    watch,
    from,
    onReport: report => {
      if (!isOwn()) return;
      if (!isReady) tell({ type: 'ready', outline: { ...started.outline, backend: backendOf(experiment).name } });
      isReady = true;
      tell(report, buffersOf(report));
    },
    onKeep: snapshot => {
      if (isOwn()) tell({ type: 'kept', snapshot });
    },
    onFailure: text => {
      if (isOwn()) tell({ type: 'failed', message: text, id: null });
    },
  });
  session = started;
  material = { experiment, data };
}

/** What may be handed over: nobody here reads it again. */
function buffersOf({ steps, plane, weights }: Report): Transferable[] {
  const arrays = [
    steps,
    ...(plane === null
      ? []
      : [plane.output, ...(plane.winner === null ? [] : [plane.winner]), ...(plane.units ?? []).map(unit => unit.values)]),
    ...(weights ?? []).flatMap(({ weight, bias }) => (bias === null ? [weight] : [weight, bias])),
  ];
  return arrays.map(array => array.buffer as ArrayBuffer);
}

async function ask(id: number, question: Question): Promise<void> {
  try {
    tell({ type: 'answer', id, answer: await answerTo(question) });
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error), id });
  }
}

async function answerTo(question: Question): Promise<Answer> {
  if (session === null || material === null) throw new Error('there is no run yet');
  const { experiment, data } = material;
  switch (question.about) {
    case 'snapshot':
      return { about: 'snapshot', snapshot: session.snapshot };
    case 'outputs':
      return { about: 'outputs', values: session.outputs(question.x, question.count) };
    case 'fingerprint': {
      const { step, bytes } = session.weightsFile();
      return { about: 'fingerprint', step, sha256: await sha256Of(bytes) };
    }
    case 'drawing':
      return { about: 'drawing', reading: readDrawing(modelOf(session), data.train, question.gray, question.side) };
    case 'readings':
      return { about: 'readings', readings: await readAll(modelOf(session), partOf(data, question.part), question.part, session.step) };
    case 'images':
      return { about: 'images', pixels: imagesOf(partOf(data, question.part), question.indices) };
    case 'filters':
      return { about: 'filters', ...filtersOf(modelOf(session), question.most) };
    case 'file': {
      const { snapshot } = session;
      if (snapshot === null) throw new Error('there is no run yet');
      const { fileOf } = await import('./run-file.ts');
      return {
        about: 'file',
        ...(await fileOf(question.kind, { experiment, info: data.info, snapshot, provenance: data.train.provenance })),
      };
    }
  }
}

function modelOf({ model }: Session): NonNullable<Session['model']> {
  if (model === null) throw new Error('there is no net yet');
  return model;
}

function partOf(data: PreparedData, part: Part): Dataset {
  const found = data[part];
  if (found === null) throw new Error(`there is no ${part} part`);
  return found;
}
