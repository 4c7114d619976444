/** The labs, each loaded when it is opened. */
import type { Component } from 'svelte';
import { m } from '../paraglide/messages.js';
import type { Route } from './router.svelte.ts';

export interface Lab {
  readonly route: Exclude<Route, 'home'>;
  readonly name: () => string;
  readonly text: () => string;
  readonly load: () => Promise<{ readonly default: Component }>;
  /** Names that `hide=` takes in this lab, besides the shell's own, with what they hide. */
  readonly hideable?: () => readonly (readonly [name: string, meaning: string])[];
}

export const labs: readonly Lab[] = [
  {
    route: 'backward',
    name: () => m.shell_backward(),
    text: () => m.home_backward_text(),
    load: () => import('../labs/backward/BackwardLab.svelte'),
    hideable: () => [
      ['presets', m.backward_example()],
      ['expression', m.backward_expression()],
      ['play', m.backward_play()],
      ['step', m.backward_descent()],
      ['check', m.backward_check_all()],
      ['quiz', m.backward_quiz_start()],
      ['table', m.backward_table_values()],
    ],
  },
  {
    route: 'playground',
    name: () => m.shell_playground(),
    text: () => m.home_playground_text(),
    load: () => import('../labs/playground/PlaygroundLab.svelte'),
    hideable: () => [
      ['story', m.play_hide_story()],
      ['data', m.play_hide_data()],
      ['network', m.play_hide_network()],
      ['settings', m.play_hide_settings()],
      ['runs', m.play_hide_runs()],
      ['curves', m.play_hide_curves()],
      ['layers', m.play_hide_layers()],
      ['speed', m.play_hide_speed()],
    ],
  },
  {
    route: 'mnist',
    name: () => m.shell_mnist(),
    text: () => m.home_mnist_text(),
    load: () => import('../labs/mnist/MnistLab.svelte'),
    hideable: () => [
      ['draw', m.mnist_hide_draw()],
      ['data', m.mnist_hide_data()],
      ['settings', m.mnist_hide_settings()],
      ['mistakes', m.mnist_hide_mistakes()],
      ['weights', m.mnist_hide_weights()],
      ['curves', m.mnist_hide_curves()],
      ['files', m.mnist_hide_files()],
      ['speed', m.mnist_hide_speed()],
    ],
  },
];
