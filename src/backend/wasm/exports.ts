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
  axpby(alpha: number, x: number, beta: number, out: number, n: number): void;
  copy2d(from: number, to: number, rows: number, cols: number, fromRow: number, fromCol: number, toRow: number, toCol: number): void;
  /** bytes, index (whole numbers) and table are addresses */
  decodeRows(bytes: number, index: number, table: number, out: number, rows: number, cols: number): number;
  warpScratch(height: number, width: number, spacing: number): number;
  /** source (of bytes, where there is a table), table, maps and blocks are addresses */
  warpImages(
    source: number,
    table: number,
    background: number,
    out: number,
    maps: number,
    blocks: number,
    n: number,
    channels: number,
    height: number,
    width: number,
    spacing: number,
    amplitude: number,
    key0: number,
    key1: number,
    scratch: number,
  ): void;
  mixRows(x: number, from: number, index: number, out: number, rows: number, cols: number, weight: number, rest: number): void;
  gatherRows(x: number, index: number, out: number, rows: number, cols: number): void;
  scatterAddRows(x: number, index: number, out: number, rows: number, cols: number): void;
  pickColumns(x: number, index: number, out: number, rows: number, cols: number): void;
  unpickColumns(x: number, index: number, out: number, rows: number, cols: number): void;
  reduce(op: number, x: number, out: number, outer: number, n: number, inner: number, scratch: number): void;
  argmax(x: number, out: number, outer: number, n: number, inner: number): void;
  cumsum(x: number, out: number, outer: number, n: number, inner: number): void;
  gemmScratch(m: number, n: number, k: number, threads: number): number;
  gemmLocal(m: number, k: number): number;
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
  /** whether a product with few columns is `gemmNarrow`, whatever its rows */
  isNarrow(n: number, k: number, transA: number, transB: number): number;
  gemmNarrow(a: number, b: number, c: number, m: number, n: number, k: number, accumulate: number, bias: number, activation: number): void;
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
  /** a product whose left operand is mostly one value, described at `scratch`; returns the share of its pairs of rows that would be multiplied */
  sparsePlan(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transA: number,
    transB: number,
    transC: number,
    bias: number,
    activation: number,
    scratch: number,
    threads: number,
  ): number;
  /** the background of the product described last at `product` */
  sparseBackground(product: number): number;
  sparseScratch(m: number, k: number, threads: number): number;
  sparseLocal(k: number): number;
  sparsePhases(product: number): number;
  sparseListUnits(product: number, phase: number): number;
  sparseList(product: number, phase: number, first: number, count: number): void;
  sparseTileUnits(product: number, phase: number): number;
  sparseTiles(product: number, phase: number, first: number, count: number, local: number): void;
  /** m, n and k are those of the product */
  sparseGemm(product: number, m: number, n: number, k: number): void;
  linearGradScratch(m: number, n: number, k: number): number;
  linearProducts(
    x: number,
    w: number,
    dz: number,
    dx: number,
    dw: number,
    m: number,
    n: number,
    k: number,
    first: number,
    count: number,
    scratch: number,
  ): void;
  activationGrad(
    dy: number,
    y: number,
    dz: number,
    sums: number,
    rows: number,
    n: number,
    features: number,
    activation: number,
    scratch: number,
  ): void;
  linearGrad(
    x: number,
    w: number,
    y: number,
    dy: number,
    dx: number,
    dw: number,
    dbias: number,
    m: number,
    n: number,
    k: number,
    activation: number,
    scratch: number,
  ): void;
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
  /** `step`: bytes from one element of dlosses to the next */
  softmaxCrossEntropyGrad(
    probabilities: number,
    labels: number,
    dlosses: number,
    dx: number,
    rows: number,
    cols: number,
    smoothing: number,
    share: number,
    step: number,
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
    features: number,
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
    features: number,
    eps: number,
    scratch: number,
  ): void;
  batchNormRelu(
    x: number,
    weight: number,
    bias: number,
    y: number,
    mean: number,
    rest: number,
    variance: number,
    rows: number,
    n: number,
    features: number,
    eps: number,
    threshold: number,
    factor: number,
    key0: number,
    key1: number,
    counter: number,
    scratch: number,
  ): void;
  batchNormReluGrad(
    x: number,
    y: number,
    dy: number,
    weight: number,
    mean: number,
    rest: number,
    variance: number,
    dx: number,
    dweight: number,
    dbias: number,
    rows: number,
    n: number,
    features: number,
    eps: number,
    factor: number,
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
    mask: number,
    scratch: number,
  ): void;
  dropoutGrad(dy: number, mask: number, dx: number, n: number, scale: number): void;
  gaussianNoise(x: number, out: number, n: number, std: number, key0: number, key1: number, counter: number, scratch: number): void;
  /** Updates take of every tensor in the table the shares `begin` to `begin + shares` of `all`; the rows are described in kernels/optim.ts. */
  sgd(
    table: number,
    count: number,
    begin: number,
    shares: number,
    all: number,
    decay: number,
    momentum: number,
    share: number,
    alongVelocity: number,
    alongGradient: number,
  ): void;
  adam(
    table: number,
    count: number,
    begin: number,
    shares: number,
    all: number,
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
    table: number,
    count: number,
    begin: number,
    shares: number,
    all: number,
    lr: number,
    beta1: number,
    share1: number,
    beta2: number,
    eps: number,
    decay: number,
  ): void;
  adagrad(table: number, count: number, begin: number, shares: number, all: number, lr: number, eps: number, decay: number): void;
  rmsprop(
    table: number,
    count: number,
    begin: number,
    shares: number,
    all: number,
    lr: number,
    alpha: number,
    share: number,
    eps: number,
    decay: number,
    momentum: number,
  ): void;
  adadelta(
    table: number,
    count: number,
    begin: number,
    shares: number,
    all: number,
    lr: number,
    rho: number,
    share: number,
    eps: number,
    decay: number,
  ): void;
}
