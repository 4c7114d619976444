import type { PreparedData } from '../experiment/prepare.ts';
import type { Experiment } from '../experiment/types.ts';
import { grouped } from '../figures/format.ts';
import type { Capabilities } from './terminal/capabilities.ts';
import { printable, wrap } from './terminal/text.ts';
import { backendName, type Introduction, rateText } from './terminal/training-view.ts';

/** What is going to be trained on what, in two sentences. */
export function introduce(experiment: Experiment, data: PreparedData, capabilities: Capabilities): Introduction {
  return event => {
    const { model, optimizer, schedule, tasks } = experiment;
    const course = schedule.name === 'constant' ? '' : ` (${schedule.name})`;
    const parts = [
      `${grouped(event.trainSamples)} to train on`,
      ...(event.validationSamples > 0 ? [`${grouped(event.validationSamples)} to validate`] : []),
      ...(data.test === null ? [] : [`${grouped(data.test.length)} to test`]),
    ];
    const inputs = data.info.featureShape.reduce((product, size) => product * size, 1);
    const outputs = data.info.targetKind === 'class' ? data.info.classNames.length : 1;
    const heads = [outputs, ...tasks.map(task => task.groups.length)].join('+');
    const widths = [inputs, ...model.hidden, heads].join('-');
    const lines = [
      `${event.data}: ${parts.join(', ')}`,
      `${widths} ${String(model.activation)}, ${grouped(event.parameters)} parameters; ${optimizer.name}, learning rate ${rateText(optimizer.lr)}${course}; batches of ${event.batchSize}; seed ${experiment.seed}; computed by ${backendName(event.backend)}`,
    ];
    return lines.flatMap(line => wrap(printable(line, capabilities), capabilities.width, capabilities));
  };
}
