import { chunksOf, type Bytes } from "../bytes.ts";
import { unbzip2 } from "../bzip2.ts";
import { ChunkReader } from "../chunk-reader.ts";
import { filter, undoFilter } from "../code-filters.ts";
import { inflate, type InflateOutcome } from "../inflate.ts";
import { inflate64 } from "../inflate64.ts";
import { LzmaDamage } from "../lzma/decoder.ts";
import { DecoderLoan } from "../lzma/loan.ts";
import { expandLzma, expandLzma2, lzma2Dictionary } from "../lzma/streams.ts";
import { expandPpmd, PpmdDamage, ppmdMemory } from "../ppmd/stream.ts";
import { unzstdChunks, type ZstdOutcome } from "../zstd.ts";
import { joinBcj2 } from "./bcj2.ts";
import { lastOutput, type Coder, type Folder, type Streams } from "./header.ts";

/** Methods by their numbers in hex (Methods.txt of 7-Zip). */
const method = {
  ...{
    copy: "00",
    lzma: "030101",
    lzma2: "21",
    deflate: "040108",
    deflate64: "040109",
    bzip2: "040202",
    ppmd: "030401",
    zstd: "04f71101",
  },
  ...{ bcj2: "0303011b", aes: "06f10701" },
} as const;
const filters: ReadonlyMap<string, number> = new Map([
  ["03", filter.delta],
  ...(["04", "03030103"] as const).map((id) => [id, filter.x86] as const),
  ...(["05", "03030205"] as const).map((id) => [id, filter.powerPc] as const),
  ...(["07", "03030501"] as const).map((id) => [id, filter.arm] as const),
  ...(["08", "03030701"] as const).map((id) => [id, filter.armThumb] as const),
  ...(["09", "03030805"] as const).map((id) => [id, filter.sparc] as const),
  ["0a", filter.arm64],
]);
/** What `7z -mx9` asks for; no more of it is touched than is expanded. */
const mostDictionary = 1 << 28;
/** What may make much of little: more than one of these behind each other is read by nobody's archives, and could take any time for nothing. */
const expanders: ReadonlySet<string> = new Set([
  method.lzma,
  method.lzma2,
  method.deflate,
  method.deflate64,
  method.bzip2,
  method.ppmd,
  method.zstd,
]);
/** What people call those that are not read. */
const names: ReadonlyMap<string, string> = new Map([
  ["06", "IA-64"],
  ["03030401", "IA-64"],
  ["0b", "RISC-V"],
  ["04f71102", "Brotli"],
  ["04f71104", "LZ4"],
]);

/** Where an archive's streams begin: behind its signature header. */
export const signatureBytes = 32;

export interface FolderFault {
  readonly code: "archive-corrupt" | "unsupported" | "encrypted";
  readonly message: string;
}

/** Decoders for one archive: so many streams of a folder are expanded at once. */
export type Loans = readonly DecoderLoan[];
const mostStreams = 3;

export function borrowLoans(): Loans {
  return Array.from({ length: mostStreams }, () => new DecoderLoan());
}

/** What keeps a folder from being read, by what is told of it alone. */
export function faultOf(folder: Folder, { packedAt }: Streams): FolderFault | undefined {
  const { coders, firstStream, packed, sizes } = folder;
  if (coders.some((coder) => coder.method === method.aes)) return { code: "encrypted", message: "is encrypted" };
  for (const coder of coders) {
    if (!isRead(coder)) {
      const name = names.get(coder.method) ?? `method ${coder.method}`;
      return { code: "unsupported", message: `is packed by ${name}, which is not read` };
    }
  }
  const dictionaries = coders.reduce((sum, coder, i) => sum + dictionaryOf(coder, sizes[i] ?? 0), 0);
  if (dictionaries > mostDictionary) return { code: "unsupported", message: "needs too large a dictionary" };
  if (firstStream + packed.length >= packedAt.length) return damaged("its stream is missing");
  if (!isTree(folder)) return { code: "unsupported", message: "is packed by methods in an order that is not read" };
  return undefined;
}

function isRead({ method: id, inputs, outputs }: Coder): boolean {
  if (id === method.bcj2) return inputs === 4 && outputs === 1;
  return inputs === 1 && outputs === 1 && (id === method.copy || expanders.has(id) || filters.has(id));
}

/** Whether each coder is used once, and none expands what another one has expanded. */
function isTree(folder: Folder): boolean {
  const used = new Set<number>();
  const walk = (output: number, isExpanded: boolean): boolean => {
    const coder = folder.coders[output];
    if (coder === undefined || used.has(output)) return false;
    used.add(output);
    const isExpander = expanders.has(coder.method);
    if (isExpander && isExpanded) return false;
    return inputsOf(folder, output).every((input) => {
      const bound = folder.bindings.find((one) => one.input === input);
      return bound === undefined ? folder.packed.includes(input) : walk(bound.output, isExpanded || isExpander);
    });
  };
  const expanding = folder.coders.filter((coder) => expanders.has(coder.method)).length;
  return expanding <= mostStreams && walk(lastOutput(folder), false) && used.size === folder.coders.length;
}

/** The numbers of a coder's inputs. All have one output, so a coder has the number of its output. */
function inputsOf({ coders }: Folder, coder: number): readonly number[] {
  const first = coders.slice(0, coder).reduce((sum, { inputs }) => sum + inputs, 0);
  return Array.from({ length: coders[coder]?.inputs ?? 0 }, (_, i) => first + i);
}

/** The memory that a coder needs for so many bytes. */
function dictionaryOf({ method: id, properties }: Coder, size: number): number {
  if (id === method.lzma2) return Math.min(size, lzma2Dictionary(properties[0] ?? 0));
  if (id === method.ppmd) return ppmdMemory(properties);
  return id === method.lzma && properties.length >= 5 ? Math.min(size, properties.readUInt32LE(1)) : 0;
}

/**
 * What comes out of a folder that has no fault, as far as it can be read; what is wrong is told to `tell`. A piece is valid until the next one is
 * asked for.
 */
export function* expandFolder(
  bytes: Bytes,
  streams: Streams,
  folder: Folder,
  loans: Loans,
  tell: (fault: FolderFault) => void,
): Generator<Uint8Array, void> {
  let nextLoan = 0;
  const outputOf = (output: number): Iterable<Uint8Array> => {
    const coder = folder.coders[output]!;
    const inputs = inputsOf(folder, output).map((input) => {
      const bound = folder.bindings.find((one) => one.input === input);
      if (bound !== undefined) return outputOf(bound.output);
      const stream = folder.firstStream + folder.packed.indexOf(input);
      const [from, to] = [0, 1].map((i) => Math.min(bytes.size, signatureBytes + streams.packedAt[stream + i]!));
      return chunksOf(bytes, from, to);
    });
    const loan = expanders.has(coder.method) ? loans[nextLoan++]! : loans[0]!;
    return decode(coder, inputs, folder.sizes[output] ?? 0, loan, tell);
  };
  try {
    yield* outputOf(lastOutput(folder));
  } catch (error) {
    if (!(error instanceof LzmaDamage || error instanceof PpmdDamage)) throw error;
    tell(damaged(error.message));
  }
}

function* decode(
  coder: Coder,
  inputs: readonly Iterable<Uint8Array>[],
  size: number,
  loan: DecoderLoan,
  tell: (fault: FolderFault) => void,
): Generator<Uint8Array, void> {
  const [input] = inputs;
  const [first = 0] = coder.properties;
  switch (coder.method) {
    case method.copy:
      yield* input!;
      return;
    case method.lzma:
      yield* expandLzma(new ChunkReader(input!), loan.decoder(dictionaryOf(coder, size), first), first, size);
      return;
    case method.lzma2:
      yield* expandLzma2(new ChunkReader(input!), loan.decoder(dictionaryOf(coder, size)));
      return;
    case method.deflate:
    case method.deflate64: {
      const outcome: InflateOutcome = { isWhole: false };
      const reader = new ChunkReader(input!);
      yield* coder.method === method.deflate ? inflate(reader, "raw", outcome) : inflate64(reader, outcome);
      if (!outcome.isWhole) tell(damaged(outcome.fault ?? "it is cut off"));
      return;
    }
    case method.ppmd:
      yield* expandPpmd(new ChunkReader(input!), coder.properties, size);
      return;
    case method.bzip2:
      yield* unbzip2(input!, (message) => tell(damaged(message)));
      return;
    case method.zstd: {
      const outcome: ZstdOutcome = {};
      yield* unzstdChunks(input!, outcome);
      if (outcome.fault !== undefined) tell({ code: "archive-corrupt", message: outcome.fault.message });
      return;
    }
    case method.bcj2: {
      const [code, calls, jumps, choices] = inputs.map((one) => new ChunkReader(one));
      yield* joinBcj2({ code: code!, calls: calls!, jumps: jumps!, choices: choices! }, size);
      return;
    }
    default:
      yield* undoFilter(filters.get(coder.method)!, coder.properties, input!);
  }
}

function damaged(why: string): FolderFault {
  return { code: "archive-corrupt", message: `is cut off or damaged (${why})` };
}
