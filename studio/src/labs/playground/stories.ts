/** Settings that tell a story, each with runs side by side where that is the point. What to look at is in the messages, under the story's name. */

import { readData, readRun } from './run-text.ts';
import type { PlaygroundState } from './state.ts';

export type StoryName =
  | 'memorize'
  | 'l2'
  | 'dropout'
  | 'earlyStopping'
  | 'cures'
  | 'sigmoidBad'
  | 'sigmoidHe'
  | 'sigmoidBatchNorm'
  | 'sigmoids'
  | 'rates'
  | 'optimizers';

interface Story {
  readonly data: string;
  readonly runs: readonly string[];
}

// Chosen by measuring: stories.test.ts holds each to what its text says.
const noisyMoons = 'shape=moons~count=300~points-noise=0.5~validation=0.3~test=0.4';
const large = 'hidden=32,32~epochs=200~batch-size=10';
const circle = 'shape=circle';
const deep = 'hidden=8,8,8,8,8~activation=sigmoid~epochs=60~lr=0.02';
const bad = `${deep}~init=normal~init-std=0.01`;
const he = `${deep}~init=heNormal`;
const normalized = `${he}~batch-norm=before`;
const spiral = 'shape=spiral';
const small = 'hidden=8,8~activation=tanh~epochs=150';

export const stories: Readonly<Record<StoryName, Story>> = {
  memorize: { data: noisyMoons, runs: [large] },
  l2: { data: noisyMoons, runs: [`${large}~l2=0.01`] },
  dropout: { data: noisyMoons, runs: [`${large}~dropout=0.6`] },
  earlyStopping: { data: noisyMoons, runs: [`${large}~early-stopping~patience=20`] },
  cures: { data: noisyMoons, runs: [large, `${large}~l2=0.01`, `${large}~dropout=0.6`, `${large}~early-stopping~patience=20`] },
  sigmoidBad: { data: circle, runs: [bad] },
  sigmoidHe: { data: circle, runs: [he] },
  sigmoidBatchNorm: { data: circle, runs: [normalized] },
  sigmoids: { data: circle, runs: [bad, he, normalized] },
  rates: { data: spiral, runs: [0.001, 0.02, 1].map(lr => `${small}~lr=${lr}`) },
  optimizers: {
    data: spiral,
    runs: [
      `${small}~optimizer=sgd~lr=0.1`,
      `${small}~optimizer=sgd~lr=0.1~momentum=0.9`,
      `${small}~optimizer=rmsprop~lr=0.01`,
      `${small}~lr=0.02`,
    ],
  },
};

export const storyNames: readonly StoryName[] = Object.keys(stories) as StoryName[];

/** What a story changes in the state. */
export function storyState(name: StoryName): Pick<PlaygroundState, 'data' | 'runs' | 'active' | 'story'> {
  const { data, runs } = stories[name];
  return { data: readData(data, []), runs: runs.map(readRun), active: 0, story: name };
}
