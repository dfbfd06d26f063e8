/** The functions of the kernel, as the WebAssembly module and its TypeScript twin offer them; assembly/index.ts says what each does. */
export interface KernelCode {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** First address that the code itself does not use. */
  readonly heapBase: number;
  state(): number;
  consumed(): number;
  scan(
    table: number,
    classes: number,
    shift: number,
    firstOutput: number,
    start: number,
    text: number,
    length: number,
    hits: number,
    maxHits: number,
  ): number;
  scanFour(
    table: number,
    classes: number,
    shift: number,
    firstOutput: number,
    start: number,
    text: number,
    length: number,
    warmup: number,
    hits: number,
    maxHits: number,
    counts: number,
  ): number;
  sift(
    text: number,
    hits: number,
    count: number,
    firstOutput: number,
    starts: number,
    actions: number,
    limit: number,
    reach: number,
    out: number,
    maxOut: number,
  ): number;
  /** `members`: address of a `memberTable`. */
  findRuns(members: number, text: number, length: number, least: number, runs: number, maxRuns: number): number;
  findMarks(text: number, length: number, low: number, limit: number, out: number, maxOut: number): number;
  consumedMarks(): number;
  wide(): number;
  findWide(kind: number, text: number, length: number, least: number, runs: number, maxRuns: number): number;
  deltaTargetSize(delta: number, deltaLength: number): number;
  copyCount(): number;
  applyDelta(
    delta: number,
    deltaLength: number,
    base: number,
    baseLength: number,
    out: number,
    outLength: number,
    copies: number,
    least: number,
  ): number;
}

/** Instantiates the compiled kernel module. The module holds no imports, so nothing it does can reach outside its memory. */
export function instantiateKernel(module: WebAssembly.Module): KernelCode {
  const instance = new WebAssembly.Instance(module, {});
  const code = instance.exports as unknown as Exports;
  return {
    memory: code.memory,
    heapBase: code.__heap_base?.value ?? 1024,
    state: () => code.state.value,
    consumed: () => code.consumed.value,
    copyCount: () => code.copyCount.value,
    scan: (...args) => code.scan(...args) >>> 0,
    scanFour: (...args) => code.scanFour(...args) >>> 0,
    sift: (...args) => code.sift(...args) >>> 0,
    findRuns: (...args) => code.findRuns(...args) >>> 0,
    findMarks: (...args) => code.findMarks(...args) >>> 0,
    consumedMarks: () => code.consumedMarks.value,
    wide: () => code.wide.value,
    findWide: (...args) => code.findWide(...args) >>> 0,
    deltaTargetSize: (...args) => code.deltaTargetSize(...args),
    applyDelta: (...args) => code.applyDelta(...args) >>> 0,
  };
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base?: WebAssembly.Global;
  readonly state: { readonly value: number };
  readonly consumed: { readonly value: number };
  readonly copyCount: { readonly value: number };
  readonly scan: KernelCode["scan"];
  readonly scanFour: KernelCode["scanFour"];
  readonly sift: KernelCode["sift"];
  readonly findRuns: KernelCode["findRuns"];
  readonly findMarks: KernelCode["findMarks"];
  readonly consumedMarks: { readonly value: number };
  readonly wide: { readonly value: number };
  readonly findWide: KernelCode["findWide"];
  readonly deltaTargetSize: KernelCode["deltaTargetSize"];
  readonly applyDelta: KernelCode["applyDelta"];
}
