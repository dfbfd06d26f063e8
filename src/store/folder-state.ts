import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, type BigIntStats } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { keyOf } from "./seal.ts";

/** What files looked like at one moment. */
export interface FolderState {
  /** Of every path with its kind, size, inode, and times of change. */
  readonly digest: Uint8Array;
  /** All files together. */
  readonly bytes: number;
  /** False where something was changed so lately that one more change could leave the same times. */
  readonly isSettled: boolean;
  /** A key that only whoever has the files can make: it is made of bytes of them. */
  readonly sealKey: () => Uint8Array;
}

/** A tree of more files is asked for faster than it is listed. */
const maxFiles = 50_000;
/** Coarsest step of a kernel's clock for times of files (100 Hz), twice. */
const tickNs = 20_000_000n;
/** File systems that count in whole seconds, or in two. */
const coarseTickNs = 2_100_000_000n;
const secondNs = 1_000_000_000n;
const sampledFiles = 16;
const samplesOfFile = 8;
const sampleBytes = 4096;
/** The longest sum at the end of a pack. */
const endBytes = 32;

/**
 * The state of files and folders, whole trees of them; links are not followed. Undefined where something cannot be listed, or is too much. As exact
 * as a time of change is: the system sets it on every write and every move, and no program can set it back.
 */
export function readState(roots: readonly string[]): FolderState | undefined {
  const now = BigInt(Date.now()) * 1_000_000n;
  const hash = createHash("sha256");
  const files: { path: string; size: number }[] = [];
  let bytes = 0;
  let newest = 0n;
  let count = 0;
  const stack = [...roots].reverse();
  try {
    while (stack.length > 0) {
      const path = stack.pop()!;
      const stat = lstatSync(path, { bigint: true });
      if (++count > maxFiles) return undefined;
      hash.update(`${path}\0${identity(stat)}\n`);
      if (stat.ctimeNs > newest) newest = stat.ctimeNs;
      if (stat.mtimeNs > newest && stat.mtimeNs < now) newest = stat.mtimeNs;
      if (stat.isDirectory()) {
        for (const name of readdirSync(path).sort().reverse()) stack.push(join(path, name));
      } else if (stat.isFile()) {
        bytes += Number(stat.size);
        files.push({ path, size: Number(stat.size) });
      }
    }
  } catch {
    return undefined;
  }
  const tick = newest % secondNs === 0n ? coarseTickNs : tickNs;
  const largest = files.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).slice(0, sampledFiles);
  return {
    digest: hash.digest(),
    bytes,
    isSettled: newest + tick < now,
    sealKey: () => keyOf("seal", ...largest.flatMap(({ path, size }) => samples(path, size))),
  };
}

/** Tells a folder from every other one that ever was on this machine, wherever it is moved. */
export function folderIdentity(path: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = lstatSync(path, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

function identity({ mode, size, dev, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${mode} ${size} ${dev} ${ino} ${mtimeNs} ${ctimeNs}`;
}

/**
 * What tells a pack from every other one: git never changes a pack, but sets its times anew when somebody writes what it holds already. It ends with a sum over all of it. Throws what
 * the operating system says.
 */
export function packIdentity(path: string): string {
  const { size, dev, ino } = lstatSync(path);
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const end = Buffer.alloc(endBytes);
    readSync(descriptor, end, 0, endBytes, Math.max(0, size - endBytes));
    return `${size} ${dev} ${ino} ${end.toString("hex")}`;
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes from all over a file, as it is now. Throws what the operating system says. */
export function samplesOf(path: string): Uint8Array[] {
  return samples(path, lstatSync(path).size);
}

/** Bytes from all over a file. */
function samples(path: string, size: number): Uint8Array[] {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return Array.from({ length: samplesOfFile }, (_, i) => {
      const sample = new Uint8Array(sampleBytes);
      const read = readSync(descriptor, sample, 0, sampleBytes, Math.floor((size * i) / samplesOfFile));
      return sample.subarray(0, read);
    });
  } finally {
    closeSync(descriptor);
  }
}
