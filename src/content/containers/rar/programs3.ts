import { crc32 } from "node:zlib";
import { bytesInMemory } from "../bytes.ts";
import { BitReader } from "./bit-reader.ts";
import type { Filter } from "./decoder.ts";
import { RarDamage } from "./entry.ts";
import { audio, delta, rgb, x86, type Undo } from "./filters.ts";

/** Programs of one file; RAR 3 writes no more. */
const mostPrograms = 1024;
/** RAR's machine has no more memory. */
const mostFiltered = 1 << 18;
const mostCode = 1 << 16;
const mostChannels = 1024;
/** Where a filter says that it begins later. */
const later = 258;

/** What a filter is told: channels, or the bytes of a line, stand in the first register. */
type Made = (registers: readonly number[]) => Undo | undefined;

/**
 * The programs that RAR has always written, by their length and CRC-32: nobody else wrote any, and later versions run no others. The one for Itanium is not undone: no
 * text goes through it.
 */
const known: readonly (readonly [length: number, sum: number, made: Made])[] = [
  [53, 0xad576887, () => x86(false, false)],
  [57, 0x3cd7e57e, () => x86(true, false)],
  [29, 0x0e06077d, ([channels = 0]) => (isCount(channels) ? delta(channels) : undefined)],
  [216, 0xbc85e701, ([channels = 0]) => (isCount(channels) ? audio(channels) : undefined)],
  [149, 0x1c2c5dc8, ([width = 0, red = 0]) => (width >= 3 && red < 3 ? rgb(width, red) : undefined)],
];

function isCount(channels: number): boolean {
  return channels > 0 && channels <= mostChannels;
}

interface Program {
  readonly made: Made | undefined;
  /** Bytes of the block that it was last used for. */
  length: number;
}

/** The filters of RAR 3: small programs in the packed data, each told once and then used by its number. */
export class Programs {
  readonly #programs: Program[] = [];
  #last = 0;

  clear(): void {
    this.#programs.length = 0;
    this.#last = 0;
  }

  /**
   * What a use of a filter says. `flags`: the byte in front of it; `position`: of the window. `onClear` is called where all filters are forgotten.
   */
  read(flags: number, code: Buffer, position: number, onClear: () => void): Filter {
    const input = new BitReader(bytesInMemory(code), 0, code.length);
    const index = this.#indexOf(flags, input, onClear);
    const isNew = index === this.#programs.length;
    const from = position + readNumber(input) + ((flags & 0x40) === 0 ? 0 : later);
    const length = (flags & 0x20) === 0 ? (this.#programs[index]?.length ?? 0) : readNumber(input);
    if (length > mostFiltered) throw new RarDamage("it has a filter that is too long");
    const registers = Array.from({ length: 7 }, () => 0);
    const mask = (flags & 0x10) === 0 ? 0 : input.bits(7);
    for (let i = 0; i < registers.length; i++) if ((mask & (1 << i)) !== 0) registers[i] = readNumber(input);
    if (isNew) this.#programs.push({ made: readProgram(input), length });
    const program = this.#programs[index]!;
    program.length = length;
    return { from, length, undo: program.made?.(registers) };
  }

  #indexOf(flags: number, input: BitReader, onClear: () => void): number {
    if ((flags & 0x80) !== 0) {
      const told = readNumber(input);
      if (told === 0) {
        this.clear();
        onClear();
      }
      this.#last = Math.max(0, told - 1);
    }
    if (this.#last > this.#programs.length || this.#last >= mostPrograms)
      throw new RarDamage("it names a filter that it does not have");
    return this.#last;
  }
}

function readProgram(input: BitReader): Made | undefined {
  const size = readNumber(input);
  if (size === 0 || size >= mostCode) throw new RarDamage("it has a filter that is damaged");
  const code = Buffer.alloc(size);
  for (let i = 0; i < code.length; i++) code[i] = input.bits(8);
  const sum = crc32(code);
  return known.find(([length, right]) => length === code.length && right === sum)?.[2];
}

/** A number of 4, 8, 16 or 32 bits. */
function readNumber(input: BitReader): number {
  switch (input.bits(2)) {
    case 0:
      return input.bits(4);
    case 1: {
      const number = input.bits(8);
      // Of a small one come 28 bits that are set.
      return number >= 16 ? number : 0xffffff00 + (number << 4) + input.bits(4);
    }
    case 2:
      return input.bits(16);
    default:
      return input.longBits(32);
  }
}
