import { describe, expect, it } from 'vitest';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { Dropout, Linear, Module, ReLU, Sequential } from '../nn/index.ts';
import { exp, log, mul, sqrt, square, sub } from '../ops/index.ts';
import { SGD } from '../optim/index.ts';
import { Random } from '../random.ts';
import { liveTensors } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { type FitOptions, fit as train } from './trainer.ts';

const advice =
  'Try a smaller learning rate (it was 0.1), gradient clipping, or another initialization; and look at the data for values that are not numbers or are very large.';

/** The message with which training stops. */
async function message(model: Module, more: Partial<FitOptions> = {}): Promise<string> {
  try {
    await train(model, {
      ...{ train: blobs(12), loss: crossEntropy, batchSize: 4, shuffle: false, random: new Random(1), epochs: 50 },
      ...{ optimizer: new SGD(model.parameters(), { lr: 0.1 }), ...more },
    });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(model.training).toBe(false);
    return (error as Error).message;
  }
  return 'it did not stop';
}

const values = (features: number[], targets: number[]): Dataset =>
  Dataset.from({
    features: Float32Array.from(features),
    targets: Float32Array.from(targets),
    featureShape: [2],
    targetKind: 'value',
    targetShape: [1],
  });

class Exponential extends Module {
  forward(x: Tensor): Tensor {
    return exp(mul(x, 100));
  }
}

class Halves extends Module {
  readonly first = new Linear(2, 3);
  readonly second = new Sequential(new Exponential(), new Linear(3, 3));
  forward(x: Tensor): Tensor {
    return this.second.call(this.first.call(x, 'first'), 'second');
  }
}

describe('a loss that is not finite stops training', () => {
  it('and names bad data: inputs, and targets', async () => {
    const model = () => new Sequential(new Linear(2, 1));
    const options = (data: Dataset): Partial<FitOptions> => ({ train: data, loss: mseLoss, batchSize: 2 });
    const bad = values([1, 2, 3, 4, 5, Number.NaN, 7, 8], [1, 2, 3, 4]);
    expect(await message(model(), options(bad))).toBe(
      `the loss became NaN in epoch 1, step 2: the input [2, 2] already holds NaN, so it is in the data.\n${advice}`,
    );
    const target = values([1, 2, 3, 4], [1, Number.NEGATIVE_INFINITY]);
    expect(await message(model(), options(target))).toBe(
      `the loss became Infinity in epoch 1, step 1: the target [2, 1] already holds -Infinity, so it is in the data.\n${advice}`,
    );
  });

  it('and names the layer and the op where numbers first overflow', async () => {
    const model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 4), new ReLU(), new Linear(4, 3));
    model.parameters()[0].set(new Float32Array(8).fill(1e20));
    model.parameters()[2].set(new Float32Array(16).fill(1e30));
    expect(await message(model)).toMatch(
      /^the loss became NaN in epoch 1, step 1: the first tensor that is not finite is the output \[4, 4\] of the op 'linear' in layer '2' \(Linear\), which holds Infinity; its inputs are \[4, 4\] from 0\.00 to \d\.\d\de\+20, \[4, 4\] from 1\.00e\+30 to 1\.00e\+30, \[4\] from .*\.\nThe products have grown beyond float32/,
    );
  });

  it('in a model of one’s own, by the path of its modules', async () => {
    const model = new Halves();
    model.first.weight.set(new Float32Array(6).fill(1));
    expect(await message(model)).toMatch(
      /of the op 'exp' in layer 'second\.0' \(Exponential\), which holds Infinity; its input is \[4, 3\] from .*\.\nexp overflows above 88 in float32/,
    );
  });

  it('in a model that calls its layers by forward, by the parameter that goes in', async () => {
    class Plain extends Module {
      fc = new Linear(2, 3);
      override forward(x: Tensor): Tensor {
        return this.fc.forward(x);
      }
    }
    const model = new Plain();
    model.fc.weight.set(new Float32Array(6).fill(3e38));
    expect(await message(model)).toMatch(/op 'linear' in the layer of the parameter 'fc.weight', which holds/);
  });

  it('in the loss', async () => {
    const model = smallNet(1);
    const loss: FitOptions['loss'] = (output, target) =>
      mul(crossEntropy(output, target), log(sub(crossEntropy(output, target).detach(), 100)));
    expect(await message(model, { loss })).toMatch(
      /the output \[\] of the op 'log' in the loss, or the model itself, which holds NaN; its input is \[\] from -9.* to -9.*\.\nlog has no value at or below 0/,
    );
  });

  it('and names the parameter that an update spoiled', async () => {
    const model = smallNet(1);
    const afterUpdate = () => {
      model.parameters()[2].set(model.parameters()[2].toArray().fill(Number.NaN, 0, 1));
    };
    expect(await message(model, { afterUpdate })).toBe(
      `the loss became NaN in epoch 1, step 2: the parameter '3.weight' [3, 16] already holds NaN: the update before this step was too large.\n${advice}`,
    );
  });

  it('blown up by a learning rate far too large', async () => {
    const model = new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1));
    const data = values([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]);
    const optimizer = new SGD(model.parameters(), { lr: 1e3 });
    expect(await message(model, { train: data, loss: mseLoss, optimizer })).toMatch(
      /^the loss became (NaN|Infinity) in epoch \d+, step \d: (the first tensor that is not finite|the parameter '\d\.(weight|bias)').*\nTry a smaller learning rate \(it was 1000\)/,
    );
  });

  it('by a penalty alone', async () => {
    const model = smallNet(1);
    const penalty = () => log(mul(model.parameters()[0].square().sum(), -1));
    expect(await message(model, { penalty })).toMatch(
      /computed again, every tensor is finite: the loss itself, or a penalty added to it, is not/,
    );
  });

  it('computes the step again with the same masks, so that dropout hides nothing, and leaves nothing alive', async () => {
    const once = async () => {
      const model = new Sequential(new Dropout(0.5), new Linear(2, 3));
      model.parameters()[0].set(new Float32Array(6).fill(1e38));
      return message(model, { epochs: 1000 });
    };
    // The epoch in which the mask spares both inputs, and the bias that the layer was made with, are another each time.
    const withoutLuck = (text: string) => text.replace(/epoch \d+/, '').replace(/\[3\] from \S+ to \S+\./, '');
    const text = await once();
    expect(text).toMatch(/of the op 'linear' in layer '1' \(Linear\)/);
    const before = liveTensors();
    expect(withoutLuck(await once())).toBe(withoutLuck(text));
    expect(liveTensors() - before).toBeLessThan(20); // the model itself
  });
});

describe('a gradient that is not finite under a finite loss stops training before it spoils a weight', () => {
  it('and names op, layer and step of the backward pass, with what went in', async () => {
    class Root extends Module {
      forward(x: Tensor): Tensor {
        return sqrt(square(x)); // |x|, whose slope by this way has no value at 0
      }
    }
    const model = new Sequential(new Linear(2, 3), new Root(), new Linear(3, 3));
    model.parameters()[0].set(new Float32Array(6));
    model.parameters()[1].set([1, 0, 1]);
    const before = bits(model);
    expect(await message(model)).toMatch(
      /^the gradient became not finite in epoch 1, step 1: the first gradient that is not finite is that of input 1 \[4, 3\] of the op 'sqrt' in layer '1' \(Root\), which holds -?(Infinity|NaN) on its way back; its input is \[4, 3\] from 0\.00 to 1\.00\.\nsqrt has no value below 0/,
    );
    expect(bits(model)).toEqual(before);
  });

  it('in the loss, or in a penalty', async () => {
    const model = smallNet(1);
    const penalty = () => sqrt(mul(model.parameters()[0].square().sum(), 0));
    expect(await message(model, { penalty })).toMatch(/of the op 'sqrt' in the loss, or the model itself, which holds/);
  });

  it('also in a net without biases', async () => {
    const model = new Sequential(new Linear(2, 3, { bias: false }));
    const penalty = () => sqrt(mul(model.parameters()[0].square().sum(), 0));
    expect(await message(model, { penalty })).toMatch(/^the gradient became not finite in epoch 1, step 1/);
  });
});
