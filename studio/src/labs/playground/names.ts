/** What shapes and stories are called, in the person's language. */
import type { PointShape } from '../../../../src/data/points/shapes.ts';
import { m } from '../../paraglide/messages.js';
import type { Option } from '../../settings/names.ts';
import type { StoryName } from './stories.ts';

export function shapeOptions(): Option<PointShape | 'own'>[] {
  const classes = m.play_shape_classes();
  const values = m.play_shape_values();
  return [
    { value: 'circle', label: m.play_shape_circle(), group: classes },
    { value: 'xor', label: m.play_shape_xor(), group: classes },
    { value: 'gaussians', label: m.play_shape_gaussians(), group: classes },
    { value: 'spiral', label: m.play_shape_spiral(), group: classes },
    { value: 'moons', label: m.play_shape_moons(), group: classes },
    { value: 'plane', label: m.play_shape_plane(), group: values },
    { value: 'hills', label: m.play_shape_hills(), group: values },
    { value: 'own', label: m.play_shape_own(), group: m.play_shape_own_group() },
  ];
}

export function storyOptions(): Option<StoryName | ''>[] {
  const fit = m.play_story_group_fit();
  const init = m.play_story_group_init();
  const steps = m.play_story_group_steps();
  return [
    { value: '', label: m.play_story_none() },
    { value: 'memorize', label: m.play_story_memorize(), group: fit },
    { value: 'l2', label: m.play_story_l2(), group: fit },
    { value: 'dropout', label: m.play_story_dropout(), group: fit },
    { value: 'earlyStopping', label: m.play_story_earlyStopping(), group: fit },
    { value: 'cures', label: m.play_story_cures(), group: fit },
    { value: 'sigmoidBad', label: m.play_story_sigmoidBad(), group: init },
    { value: 'sigmoidHe', label: m.play_story_sigmoidHe(), group: init },
    { value: 'sigmoidBatchNorm', label: m.play_story_sigmoidBatchNorm(), group: init },
    { value: 'sigmoids', label: m.play_story_sigmoids(), group: init },
    { value: 'rates', label: m.play_story_rates(), group: steps },
    { value: 'optimizers', label: m.play_story_optimizers(), group: steps },
  ];
}

export function storyText(name: StoryName): string {
  const texts: Readonly<Record<StoryName, () => string>> = {
    memorize: m.play_text_memorize,
    l2: m.play_text_l2,
    dropout: m.play_text_dropout,
    earlyStopping: m.play_text_earlyStopping,
    cures: m.play_text_cures,
    sigmoidBad: m.play_text_sigmoidBad,
    sigmoidHe: m.play_text_sigmoidHe,
    sigmoidBatchNorm: m.play_text_sigmoidBatchNorm,
    sigmoids: m.play_text_sigmoids,
    rates: m.play_text_rates,
    optimizers: m.play_text_optimizers,
  };
  return texts[name]();
}
