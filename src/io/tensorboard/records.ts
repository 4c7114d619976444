/**
 * Event files as TensorBoard reads them: TFRecords, each with its length and a masked CRC-32C of length and content.
 *
 * Source: TensorFlow, `tensorflow/core/lib/io/record_writer.h` and `hash/crc32c.h`.
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { encode as encodePng } from 'fast-png';
import { crc32c } from '../crc.ts';
import {
  EventSchema,
  type HistogramProtoSchema,
  HParamsPluginDataSchema,
  type Summary_ImageSchema,
  type Summary_ValueSchema,
  type ValueSchema,
} from './events_pb.js';

type Event = MessageInitShape<typeof EventSchema>;
type SummaryValue = MessageInitShape<typeof Summary_ValueSchema>;
type Plugin = MessageInitShape<typeof HParamsPluginDataSchema>;

/** When something was, for TensorBoard: seconds since 1970, and a step. */
export interface Moment {
  readonly wallTime: number;
  readonly step: number;
}

/** A bar of a histogram: `count` numbers from the edge before it up to `limit`. */
export interface HistogramValue {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** CRCs are stored rotated and offset: a file of records inside a record must not look like one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record: length (8 bytes), its CRC (4), content, its CRC (4), little-endian. */
export function tfRecord(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(content.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, masked(content), true);
  return record;
}

function event(content: Event): Uint8Array {
  return tfRecord(toBinary(EventSchema, create(EventSchema, content)));
}

function summary({ wallTime, step }: Moment, value: readonly SummaryValue[]): Uint8Array {
  return event({ wallTime, step: BigInt(step), what: { case: 'summary', value: { value: [...value] } } });
}

/** What every event file begins with. */
export function fileVersion(wallTime: number): Uint8Array {
  return event({ wallTime, what: { case: 'fileVersion', value: 'brain.Event:2' } });
}

/** Figures at one moment, by tag. */
export function scalars(moment: Moment, values: Readonly<Record<string, number>>): Uint8Array {
  return summary(
    moment,
    Object.entries(values).map(([tag, value]) => ({ tag, value: { case: 'simpleValue', value } })),
  );
}

/** Histograms at one moment, by tag. */
export function histograms(moment: Moment, values: ReadonlyMap<string, HistogramValue>): Uint8Array {
  return summary(
    moment,
    [...values].map(([tag, { min, max, count, sum, sumOfSquares, limits, counts }]) => {
      const value: MessageInitShape<typeof HistogramProtoSchema> = {
        ...{ min, max, num: count, sum, sumSquares: sumOfSquares },
        ...{ bucketLimit: [...limits], bucket: [...counts] },
      };
      return { tag, value: { case: 'histo', value } };
    }),
  );
}

/** Grey pictures at one moment, by tag: bytes row by row, 0 for black. */
export function pictures(
  moment: Moment,
  values: ReadonlyMap<string, { readonly pixels: Uint8Array; readonly width: number; readonly height: number }>,
): Uint8Array {
  return summary(
    moment,
    [...values].map(([tag, { pixels, width, height }]) => {
      const encodedImageString = encodePng({ width, height, data: pixels, channels: 1, depth: 8 });
      const value: MessageInitShape<typeof Summary_ImageSchema> = { width, height, colorspace: 1, encodedImageString };
      return { tag, value: { case: 'image', value } };
    }),
  );
}

export type HyperParameter = number | string | boolean;

/** What is known when a run begins: hyper-parameters, and which figures to compare runs by (each by the folder and the tag that it is in). */
export function hparamsBegin(
  wallTime: number,
  hparams: Readonly<Record<string, HyperParameter>>,
  metrics: readonly { readonly group: string; readonly tag: string }[],
): Uint8Array {
  const kinds = { string: 1, boolean: 2, number: 3 } as const;
  const values = Object.entries(hparams).map(([name, value]): [string, MessageInitShape<typeof ValueSchema>] => {
    if (typeof value === 'number') return [name, { kind: { case: 'numberValue', value } }];
    return [name, typeof value === 'string' ? { kind: { case: 'stringValue', value } } : { kind: { case: 'boolValue', value } }];
  });
  const hparamInfos = Object.entries(hparams).map(([name, value]) => ({ name, type: kinds[typeof value as keyof typeof kinds] }));
  return summary({ wallTime, step: 0 }, [
    ofPlugin('experiment', { data: { case: 'experiment', value: { hparamInfos, metricInfos: metrics.map(name => ({ name })) } } }),
    ofPlugin('session_start_info', {
      data: { case: 'sessionStartInfo', value: { hparams: Object.fromEntries(values), startTimeSecs: wallTime } },
    }),
  ]);
}

/** How a run ended. */
export function hparamsEnd(wallTime: number, succeeded: boolean): Uint8Array {
  const value = { status: succeeded ? 1 : 2, endTimeSecs: wallTime };
  return summary({ wallTime, step: 0 }, [ofPlugin('session_end_info', { data: { case: 'sessionEndInfo', value } })]);
}

function ofPlugin(name: string, data: Plugin): SummaryValue {
  const content = toBinary(HParamsPluginDataSchema, create(HParamsPluginDataSchema, data));
  return { tag: `_hparams_/${name}`, metadata: { pluginData: { pluginName: 'hparams', content } } };
}
