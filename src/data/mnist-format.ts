/** What MNIST and everything in its form have in common. */
import type { Normalization } from './dataset.ts';

/** x / 255, less MNIST's mean pixel, over its standard deviation: the convention of the PyTorch examples. */
export const MNIST_NORMALIZATION: Normalization = { scale: 1 / 255, mean: 0.1307, std: 0.3081 };
/** Likewise for Fashion-MNIST. */
export const FASHION_NORMALIZATION: Normalization = { scale: 1 / 255, mean: 0.286, std: 0.353 };

export const DIGIT_NAMES: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
export const FASHION_NAMES: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];
