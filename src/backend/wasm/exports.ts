/** What the WebAssembly module exports; addresses and strides marked so are bytes, all else counts elements. See kernels/. */
export interface KernelExports {
  multiplyAdd(a: number, b: number, c: number): number;
  fill(out: number, n: number, value: number): void;
  unary(op: number, x: number, out: number, n: number, p: number): void;
  /** row strides and steps are bytes */
  binary(
    op: number,
    a: number,
    b: number,
    out: number,
    rows: number,
    cols: number,
    aRow: number,
    aStep: number,
    bRow: number,
    bStep: number,
    scratch: number,
  ): void;
  where(condition: number, a: number, b: number, out: number, n: number): void;
  axpy(alpha: number, x: number, out: number, n: number): void;
  copy2d(from: number, to: number, rows: number, cols: number, fromRow: number, fromCol: number, toRow: number, toCol: number): void;
  /** bytes and table are addresses */
  decodeBytes(bytes: number, table: number, out: number, n: number): void;
  gatherRows(x: number, index: number, out: number, rows: number, cols: number): void;
  scatterAddRows(x: number, index: number, out: number, rows: number, cols: number): void;
  pickColumns(x: number, index: number, out: number, rows: number, cols: number): void;
  unpickColumns(x: number, index: number, out: number, rows: number, cols: number): void;
  reduce(op: number, x: number, out: number, outer: number, n: number, inner: number, scratch: number): void;
  argmax(x: number, out: number, outer: number, n: number, inner: number): void;
  cumsum(x: number, out: number, outer: number, n: number, inner: number): void;
  gemmScratch(m: number, n: number, k: number, threads: number): number;
  gemm(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transA: number,
    transB: number,
    accumulate: number,
    bias: number,
    activation: number,
    scratch: number,
  ): void;
  finishRows(y: number, rows: number, cols: number, bias: number, activation: number): void;
  /** the phases of a blocked product, described at `scratch`; `product` is that address */
  gemmPlan(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transA: number,
    transB: number,
    accumulate: number,
    bias: number,
    activation: number,
    scratch: number,
    threads: number,
  ): number;
  gemmPackUnits(product: number, phase: number): number;
  gemmPack(product: number, phase: number, first: number, count: number): void;
  gemmTileUnits(product: number, phase: number): number;
  gemmTiles(product: number, phase: number, first: number, count: number, tile: number): void;
  softmax(x: number, out: number, rows: number, cols: number): void;
  logSoftmax(x: number, out: number, rows: number, cols: number, scratch: number): void;
  softmaxCrossEntropy(
    x: number,
    labels: number,
    losses: number,
    probabilities: number,
    rows: number,
    cols: number,
    smoothing: number,
  ): void;
  softmaxCrossEntropyGrad(
    probabilities: number,
    labels: number,
    dlosses: number,
    dx: number,
    rows: number,
    cols: number,
    smoothing: number,
  ): void;
  batchNorm(
    x: number,
    weight: number,
    bias: number,
    y: number,
    mean: number,
    rest: number,
    variance: number,
    outer: number,
    n: number,
    inner: number,
    eps: number,
    scratch: number,
  ): void;
  normalize(
    x: number,
    mean: number,
    variance: number,
    weight: number,
    bias: number,
    y: number,
    outer: number,
    n: number,
    inner: number,
    eps: number,
    scratch: number,
  ): void;
  batchNormGrad(
    x: number,
    dy: number,
    weight: number,
    mean: number,
    rest: number,
    variance: number,
    dx: number,
    dweight: number,
    dbias: number,
    outer: number,
    n: number,
    inner: number,
    eps: number,
    scratch: number,
  ): void;
  limitRowNorms(x: number, rows: number, cols: number, limit: number): void;
  dropout(
    x: number,
    out: number,
    n: number,
    threshold: number,
    scale: number,
    key0: number,
    key1: number,
    counter: number,
    scratch: number,
  ): void;
  gaussianNoise(x: number, out: number, n: number, std: number, key0: number, key1: number, counter: number, scratch: number): void;
  sgd(
    theta: number,
    grad: number,
    velocity: number,
    n: number,
    decay: number,
    momentum: number,
    share: number,
    alongVelocity: number,
    alongGradient: number,
  ): void;
  adam(
    theta: number,
    grad: number,
    first: number,
    second: number,
    largest: number,
    n: number,
    beta1: number,
    share1: number,
    beta2: number,
    share2: number,
    eps: number,
    rootScale: number,
    shrink: number,
    decay: number,
    alongMoment: number,
    alongGradient: number,
  ): void;
  adamax(
    theta: number,
    grad: number,
    first: number,
    bound: number,
    n: number,
    lr: number,
    beta1: number,
    share1: number,
    beta2: number,
    eps: number,
    decay: number,
  ): void;
  adagrad(theta: number, grad: number, sum: number, n: number, lr: number, eps: number, decay: number): void;
  rmsprop(
    theta: number,
    grad: number,
    square: number,
    mean: number,
    velocity: number,
    n: number,
    lr: number,
    alpha: number,
    share: number,
    eps: number,
    decay: number,
    momentum: number,
  ): void;
  adadelta(
    theta: number,
    grad: number,
    square: number,
    delta: number,
    n: number,
    lr: number,
    rho: number,
    share: number,
    eps: number,
    decay: number,
  ): void;
}
