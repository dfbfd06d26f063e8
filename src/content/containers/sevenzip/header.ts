/** How the data of some files were packed: coders, and what of each goes where (7zFormat.txt, "Folder"). */
export interface Folder {
  readonly coders: readonly Coder[];
  /** Outputs of coders that are inputs of others, both counted over all coders. */
  readonly bindings: readonly { readonly input: number; readonly output: number }[];
  /** Inputs that are read from the file, in the order of the packed streams. */
  readonly packed: readonly number[];
  /** Bytes of each output. */
  readonly sizes: number[];
  /** The number of its first packed stream. */
  readonly firstStream: number;
  /** CRC-32 of what comes out; -1: not told. */
  sum: number;
  /** What it holds, one behind the other. */
  parts: readonly Part[];
}

export interface Coder {
  /** In hex. */
  readonly method: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly properties: Buffer;
}

export interface Part {
  readonly size: number;
  /** CRC-32; -1: not told. */
  readonly sum: number;
}

export interface Streams {
  /** Where each packed stream begins, behind the signature header, and one more: where the last one ends. */
  readonly packedAt: readonly number[];
  readonly folders: readonly Folder[];
}

export interface Files {
  readonly count: number;
  /** Names in UTF-16, each with a zero behind it. */
  readonly names: Buffer;
  /** A bit for each file, the uppermost first: whether it has no data. */
  readonly isEmpty: Buffer;
}

/** A header: of an archive, or of the stream that the archive's header is packed in. */
export type Header =
  | { readonly kind: "plain"; readonly streams: Streams; readonly files: Files }
  | { readonly kind: "packed"; readonly streams: Streams };

export class HeaderDamage extends Error {}

const tag = {
  ...{ end: 0, header: 1, archiveProperties: 2, moreStreams: 3, streams: 4, files: 5, packInfo: 6, unpackInfo: 7 },
  ...{ partInfo: 8, size: 9, sum: 10, folder: 11, unpackSize: 12, partCount: 13, emptyStream: 14, names: 17 },
  packedHeader: 23,
} as const;
/** Files of one archive that are looked at, and streams; the walk of members has a limit of its own. */
const mostFiles = 1 << 20;
/** Folders, and methods of all of them together: each is kept. */
const mostFolders = 1 << 17;
const mostCodersOfAll = 1 << 18;
/** What is packed by more is not what a program made. */
const mostCoders = 8;
const mostInputs = 8;
const noStreams: Streams = { packedAt: [0], folders: [] };

/** Reads a header. Counts that lie end where its bytes do. Throws HeaderDamage. */
export function readHeader(bytes: Buffer): Header {
  const input = new Input(bytes);
  const kind = input.number();
  if (kind === tag.packedHeader) return { kind: "packed", streams: readStreams(input) };
  if (kind !== tag.header) throw new HeaderDamage("its header is of no known kind");
  let streams = noStreams;
  let files: Files = { count: 0, names: Buffer.alloc(0), isEmpty: Buffer.alloc(0) };
  for (;;) {
    switch (input.number()) {
      case tag.end:
        return { kind: "plain", streams, files };
      case tag.archiveProperties:
        while (input.number() !== tag.end) input.take(input.number());
        break;
      case tag.moreStreams:
        readStreams(input);
        break;
      case tag.streams:
        streams = readStreams(input);
        break;
      case tag.files:
        files = readFiles(input);
        break;
      default:
        throw new HeaderDamage("its header has a part of no known kind");
    }
  }
}

function readStreams(input: Input): Streams {
  let packedAt: readonly number[] = [0];
  let folders: readonly Folder[] = [];
  let hasParts = false;
  for (;;) {
    switch (input.number()) {
      case tag.end:
        if (!hasParts) for (const folder of folders) folder.parts = [{ size: folderSize(folder), sum: folder.sum }];
        return { packedAt, folders };
      case tag.packInfo:
        packedAt = readPacked(input);
        break;
      case tag.unpackInfo:
        folders = readFolders(input);
        break;
      case tag.partInfo:
        readParts(input, folders);
        hasParts = true;
        break;
      default:
        throw new HeaderDamage("its header has a part of no known kind");
    }
  }
}

function readPacked(input: Input): readonly number[] {
  let at = input.number();
  const count = input.count(mostFiles);
  const places = [at];
  for (;;) {
    switch (input.number()) {
      case tag.end:
        return places;
      case tag.size:
        for (let i = 0; i < count; i++) places.push((at += input.number()));
        break;
      case tag.sum:
        input.sums(count);
        break;
      default:
        throw new HeaderDamage("what it says of its streams is damaged");
    }
  }
}

function readFolders(input: Input): readonly Folder[] {
  if (input.number() !== tag.folder) throw new HeaderDamage("what it says of its folders is damaged");
  const count = input.count(mostFolders);
  if (input.byte() !== 0) throw new HeaderDamage("what it says of its folders lies elsewhere");
  const folders: Folder[] = [];
  let firstStream = 0;
  let coders = 0;
  for (let i = 0; i < count; i++) {
    const folder = readFolder(input, firstStream);
    firstStream += folder.packed.length;
    coders += folder.coders.length;
    if (coders > mostCodersOfAll) throw new HeaderDamage("it has too many folders");
    folders.push(folder);
  }
  for (;;) {
    switch (input.number()) {
      case tag.end:
        return folders;
      case tag.unpackSize:
        for (const { coders, sizes } of folders)
          for (const { outputs } of coders) for (let i = 0; i < outputs; i++) sizes.push(input.number());
        break;
      case tag.sum:
        for (const [i, sum] of input.sums(count).entries()) folders[i]!.sum = sum;
        break;
      default:
        throw new HeaderDamage("what it says of its folders is damaged");
    }
  }
}

function readFolder(input: Input, firstStream: number): Folder {
  const coders: Coder[] = [];
  const coderCount = input.number();
  if (coderCount < 1 || coderCount > mostCoders) throw new HeaderDamage("a folder has too many methods");
  for (let i = 0; i < coderCount; i++) {
    const flags = input.byte();
    const method = input.take(flags & 15).toString("hex");
    const [inputs, outputs] = (flags & 0x10) === 0 ? [1, 1] : [input.number(), input.number()];
    if (inputs > mostInputs || outputs > mostInputs) throw new HeaderDamage("a method has too many streams");
    const properties = (flags & 0x20) === 0 ? Buffer.alloc(0) : input.take(input.number());
    if ((flags & 0x80) !== 0) throw new HeaderDamage("a method is told in a way that is not known");
    coders.push({ method, inputs, outputs, properties });
  }
  const inputs = coders.reduce((sum, coder) => sum + coder.inputs, 0);
  const outputs = coders.reduce((sum, coder) => sum + coder.outputs, 0);
  const bindings = Array.from({ length: Math.max(0, outputs - 1) }, () => ({
    input: input.number(),
    output: input.number(),
  }));
  const packedCount = inputs - bindings.length;
  if (packedCount < 1) throw new HeaderDamage("the streams of a folder do not fit");
  const unbound = Array.from({ length: inputs }, (_, i) => i).filter((i) => bindings.every((one) => one.input !== i));
  const packed = packedCount === 1 ? unbound.slice(0, 1) : Array.from({ length: packedCount }, () => input.number());
  return { coders, bindings, packed, sizes: [], firstStream, sum: -1, parts: [] };
}

/** The number of a folder's last output: the one that no other coder takes. */
export function lastOutput({ bindings, sizes }: Folder): number {
  return sizes.findIndex((_, i) => bindings.every(({ output }) => output !== i));
}

function folderSize(folder: Folder): number {
  return folder.sizes[lastOutput(folder)] ?? 0;
}

function readParts(input: Input, folders: readonly Folder[]): void {
  let kind = input.number();
  const counts = folders.map(() => 1);
  if (kind === tag.partCount) {
    for (let i = 0; i < counts.length; i++) counts[i] = input.number();
    if (counts.reduce((sum, count) => sum + count, 0) > mostFiles) throw new HeaderDamage("it has too many files");
    kind = input.number();
  }
  const hasSizes = kind === tag.size;
  const sizes = folders.map((folder, i) => {
    const all: number[] = [];
    const count = counts[i]!;
    let left = folderSize(folder);
    if (count > 1 && !hasSizes) throw new HeaderDamage("the sizes of its files are not told");
    for (let part = 1; part < count; part++) {
      const size = input.number();
      left -= size;
      all.push(size);
    }
    if (left < 0) throw new HeaderDamage("the sizes of its files do not fit");
    if (count > 0) all.push(left);
    return all;
  });
  if (hasSizes) kind = input.number();
  // A folder of one file has told its sum already.
  const isTold = folders.map(({ sum }, i) => counts[i] === 1 && sum >= 0);
  const asked = sizes.reduce((count, all, i) => count + (isTold[i]! ? 0 : all.length), 0);
  let sums: readonly number[] = [];
  for (; kind !== tag.end; kind = input.number()) {
    if (kind !== tag.sum) throw new HeaderDamage("what it says of its files is damaged");
    sums = input.sums(asked);
  }
  let next = 0;
  for (const [i, folder] of folders.entries())
    folder.parts = sizes[i]!.map((size) => ({ size, sum: isTold[i]! ? folder.sum : (sums[next++] ?? -1) }));
}

function readFiles(input: Input): Files {
  const count = input.number();
  if (count > mostFiles) throw new HeaderDamage("it has too many files");
  let names: Buffer = Buffer.alloc(0);
  let isEmpty: Buffer = Buffer.alloc(0);
  for (;;) {
    const kind = input.number();
    if (kind === tag.end) return { count, names, isEmpty };
    const body = input.take(input.number());
    if (kind === tag.emptyStream) isEmpty = body;
    // The first byte says whether the names lie elsewhere.
    if (kind === tag.names && body[0] === 0) names = body.subarray(1);
  }
}

/** The bytes of a header; whatever goes beyond them throws HeaderDamage. */
class Input {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new HeaderDamage("its header ends too early");
    return this.#bytes[this.#at++]!;
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new HeaderDamage("its header ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A number of at most 64 bits: the first byte says how many follow, its other bits are the uppermost. */
  number(): number {
    const first = this.byte();
    let value = 0;
    let mask = 0x80;
    for (let i = 0; i < 8; i++, mask >>= 1) {
      if ((first & mask) === 0) {
        value += (first & (mask - 1)) * 2 ** (8 * i);
        break;
      }
      value += this.byte() * 2 ** (8 * i);
    }
    if (!Number.isSafeInteger(value)) throw new HeaderDamage("a number in its header is damaged");
    return value;
  }

  /** A number of things that take a byte each at least, and of which there are no more than `most`. */
  count(most: number): number {
    const count = this.number();
    if (count > most) throw new HeaderDamage("its header has too many parts");
    if (count > this.#bytes.length - this.#at) throw new HeaderDamage("its header ends too early");
    return count;
  }

  /** Sums of so many things, -1 where one is not told. */
  sums(count: number): readonly number[] {
    const isAll = this.byte() !== 0;
    const told = isAll ? undefined : this.take(Math.ceil(count / 8));
    if (isAll && 4 * count > this.#bytes.length - this.#at) throw new HeaderDamage("its header ends too early");
    const sums: number[] = [];
    for (let i = 0; i < count; i++)
      sums.push(told === undefined || hasBit(told, i) ? this.take(4).readUInt32LE(0) : -1);
    return sums;
  }
}

/** Bit `i` of a list of bits, the uppermost of each byte first. */
export function hasBit(bits: Buffer, i: number): boolean {
  return ((bits[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0;
}
