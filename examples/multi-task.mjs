// Two questions about one picture: which digit it is, and whether it is even. One trunk, two heads, one weighted sum of two losses.
//
//   node examples/multi-task.mjs                    embedded digits, a few seconds
//   node examples/multi-task.mjs --mnist [DIR]      MNIST, from DIR, the cache, or a download
//   node examples/multi-task.mjs --epochs 5 --weight 0.5
import { crossEntropy, digits, evaluate, fit, manualSeed, multiTaskLoss, multiTaskMetrics, nn, optim, relabel } from 'chainrule';

const argument = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : (process.argv[at + 1] ?? '');
};
const epochs = Number(argument('--epochs', 3));
const weight = Number(argument('--weight', 0.5));

const { train, test } = process.argv.includes('--mnist') ? await readMnist(argument('--mnist')) : digits({ train: 4000, test: 1000 });
console.log(`${train.provenance}: ${train.length} training and ${test.length} test images`);

// Each example's target becomes two class numbers: the digit, and 1 where it is even, else 0.
const tasks = [
  { name: 'digit', size: 10, loss: crossEntropy },
  { name: 'even', size: 2, loss: crossEntropy, weight },
];
const both = data => relabel(data, 2, digit => [digit, 1 - (digit % 2)]);
const loss = multiTaskLoss(tasks);
const metrics = multiTaskMetrics(tasks);

manualSeed(1);
const model = new nn.MultiHead(new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 128), new nn.ReLU()), {
  digit: new nn.Linear(128, 10),
  even: new nn.Linear(128, 2),
});
await fit(model, {
  train: both(train),
  validation: both(test),
  loss,
  metrics,
  optimizer: new optim.Adam(model.parameters(), { lr: 2e-3 }),
  epochs,
  batchSize: 64,
  onEvent(event) {
    if (event.type !== 'epochEnd') return;
    const { loss, val_digit_accuracy: digit, val_even_accuracy: even } = event.logs;
    console.log(`epoch ${event.epoch}  loss ${loss.toFixed(4)}  test: digit ${percent(digit)}, even or odd ${percent(even)}`);
  },
});

const { logs } = await evaluate(model, both(test), { loss, metrics });
console.log(`\nOn the test part: digit ${percent(logs.digit_accuracy)}, even or odd ${percent(logs.even_accuracy)}`);

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

async function readMnist(folder) {
  const { mnist } = await import('chainrule/node');
  return mnist(folder && !folder.startsWith('--') ? { data: folder } : {});
}
