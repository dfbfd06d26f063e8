/** Rewrites four bytes of `word`, which stand at `position` of what was packed, where they are a call. */
type Rewrite = (word: DataView, at: number, position: number) => void;

/**
 * Filters that change addresses in machine code (The .xz File Format, 5.3.2), of instructions of four bytes. Those of SPARC and PowerPC change texts as well, where four
 * letters look like a call.
 */
const rewrites: ReadonlyMap<number, Rewrite> = new Map([
  [5, powerPc],
  [9, sparc],
]);
/** Texts come out of these as they went in: x86 and the kinds of ARM, whose calls have bytes beyond ASCII. */
const harmless: ReadonlySet<number> = new Set([4, 7, 8, 10]);
/** These look for calls at places that depend on what stands before (IA-64, RISC-V), and change texts here and there. */
const notUndone: ReadonlySet<number> = new Set([6, 11]);

export type FilterEffect = "none" | "undone" | "changes-texts" | "unknown";

export function effectOf(id: number): FilterEffect {
  if (rewrites.has(id)) return "undone";
  if (harmless.has(id)) return "none";
  return notUndone.has(id) ? "changes-texts" : "unknown";
}

/** What `pieces` were before the filter of this number, which is one that is undone; `offset`: the address of the first byte. Gives bytes of its own. */
export function* undoFilter(id: number, offset: number, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const rewrite = rewrites.get(id)!;
  let rest: Uint8Array = new Uint8Array(0);
  let position = offset;
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    const whole = bytes.length & ~3;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < whole; at += 4) rewrite(view, at, (position + at) >>> 0);
    position = (position + whole) >>> 0;
    rest = bytes.subarray(whole);
    yield bytes.subarray(0, whole);
  }
  yield rest;
}

function powerPc(view: DataView, at: number, position: number): void {
  const word = view.getUint32(at);
  if (word >>> 26 !== 0x12 || (word & 3) !== 1) return;
  view.setUint32(at, 0x48000001 | (((word & 0x03fffffc) - position) & 0x03fffffc));
}

function sparc(view: DataView, at: number, position: number): void {
  const word = view.getUint32(at);
  if (word >>> 22 !== 0x100 && word >>> 22 !== 0x1ff) return;
  const target = ((word << 2) - position) >>> 2;
  const sign = ((0 - ((target >>> 22) & 1)) << 22) & 0x3fffffff;
  view.setUint32(at, sign | (target & 0x3fffff) | 0x40000000);
}
