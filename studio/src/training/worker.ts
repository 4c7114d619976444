/** The training worker: a session at the other end of messages. The library itself trains here, so that the page never waits. */
import '../../../src/ops/methods.ts';
import { backendOf } from '../../../src/experiment/run.ts';
import { prepareData } from './data.ts';
import type { Answer, FromWorker, Question, Report, ToWorker } from './protocol.ts';
import { Session } from './session.ts';

/** What is used here of a worker's scope; the DOM's types know the page's only. */
interface Scope {
  onmessage: ((event: { readonly data: { readonly run: number; readonly message: ToWorker } }) => void) | null;
  postMessage(data: { readonly run: number; readonly message: FromWorker }, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
let session: Session | null = null;
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
  switch (message.type) {
    case 'start':
      return begin(message);
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

function begin({ experiment, watch, from, files }: Extract<ToWorker, { type: 'start' }>): void {
  session?.close();
  session = null;
  const own = run;
  const isOwn = (): boolean => own === run;
  let isReady = false;
  const started: Session = new Session({
    experiment,
    data: prepareData(experiment, files),
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
  if (session === null) throw new Error('there is no run yet');
  switch (question.about) {
    case 'snapshot':
      return { about: 'snapshot', snapshot: session.snapshot };
    case 'outputs':
      return { about: 'outputs', values: session.outputs(question.x, question.count) };
    case 'fingerprint': {
      const { step } = session;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', session.weightsFile()));
      return { about: 'fingerprint', step, sha256: Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('') };
    }
  }
}
