// Where the time of a training step goes, kernel by kernel: `node bench/step-profile.mjs [W1,W2] [threads 1,2] [--blas]`. Microseconds, the least of many steps,
// of the step and of each kernel in it; calls within calls are not counted twice.
import { kernelsNow, prepare, setThreads } from './peers/chainrule.mjs';
import { workloads } from './workloads.mjs';

const args = process.argv.slice(2).filter(arg => arg !== '--blas');
const onBlas = process.argv.includes('--blas');
const ids = (args[0] ?? 'W1').split(',');
const counts = (args[1] ?? '1,2').split(',').map(Number);
const UNTIMED = ['constructor', 'alloc', 'free', 'view', 'usage', 'setThreads', 'threadsReady', 'shareForeign'];

/** What tells calls of one kernel apart: the name of an operation, and sizes. */
function label(kernel, values) {
  const sizes = values.flatMap(value => {
    if (typeof value === 'string') return [value];
    if (value !== null && typeof value === 'object' && 'transA' in value) {
      return [`${value.m}x${value.n}x${value.k}${value.transA ? ' Aᵀ' : ''}${value.transB ? ' Bᵀ' : ''}`];
    }
    return [];
  });
  const numbers = kernel.startsWith('linear') ? [values.filter(value => typeof value === 'number').join('x')] : [];
  return [kernel, ...sizes, ...numbers].join(' ');
}

/** Times every kernel from now on, until the function that it returns is called. */
function watch(kernels, took) {
  let within = false;
  const names = new Set();
  for (let at = Object.getPrototypeOf(kernels); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && !UNTIMED.includes(name)) names.add(name);
    }
  }
  for (const name of names) {
    const kernel = kernels[name];
    kernels[name] = (...values) => {
      if (within) return kernel.apply(kernels, values);
      within = true;
      const began = performance.now();
      const result = kernel.apply(kernels, values);
      const key = label(name, values);
      took.set(key, (took.get(key) ?? 0) + performance.now() - began);
      within = false;
      return result;
    };
  }
  return () => {
    for (const name of names) delete kernels[name];
  };
}

for (const id of ids) {
  for (const threads of counts) {
    const step = await prepare(workloads[id], onBlas ? { blas: threads } : {});
    setThreads(threads);
    for (let i = 0; i < 10; i++) {
      step();
      await new Promise(resolve => setTimeout(resolve, 1)); // threads start between steps
    }
    const steps = Math.max(40, Math.round(2e7 / (workloads[id].batch * workloads[id].sizes.reduce((a, b) => a + b))));
    const each = (after = () => {}) => {
      let least = Infinity;
      for (let i = 0; i < steps; i++) {
        const began = performance.now();
        step();
        least = Math.min(least, performance.now() - began);
        after();
      }
      return least * 1000;
    };
    const whole = each();
    const took = new Map();
    const least = new Map();
    const unwatch = watch(kernelsNow(), took);
    each(() => {
      for (const [key, ms] of took) least.set(key, Math.min(least.get(key) ?? Infinity, ms * 1000));
      took.clear();
    });
    unwatch();
    const rows = [...least].sort((a, b) => b[1] - a[1]);
    const sum = rows.reduce((all, row) => all + row[1], 0);
    console.log(`${id}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${onBlas ? ', BLAS' : ''}: ${whole.toFixed(0)} µs a step`);
    for (const [key, us] of rows.filter(row => row[1] > whole / 1000)) console.log(`${us.toFixed(0).padStart(9)}  ${key}`);
    console.log(`${sum.toFixed(0).padStart(9)}  in kernels`);
  }
}
process.exit(0);
