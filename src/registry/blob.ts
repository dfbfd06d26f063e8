import { open, rename, type FileHandle } from "node:fs/promises";
import { hasher } from "../content/digest.ts";
import type { Answer } from "./answer.ts";
import { Growth } from "./patience.ts";
import { readWhole } from "../content/read-whole.ts";
import { refused, RegistryFailure } from "./failure.ts";

export interface BlobRequest {
  /** Asks whoever has it. */
  readonly ask: (headers: Readonly<Record<string, string>>) => Promise<Answer>;
  readonly digest: string;
  /** As the manifest tells it; undefined where it does not. */
  readonly size: number | undefined;
  /** Where the bytes go; until they are whole beside it. */
  readonly file: string;
  readonly onReceived: (bytes: number) => void;
}

/** Connections that drop without having brought anything worth it, one after the other. */
const maxFruitless = 4;
const leastFruit = 16 << 10;
/** No layer is larger, and a registry that does not say how large one is shall not fill the disk. */
const largest = 2 ** 40;

/**
 * Fetches a blob into a file and proves its digest while it comes. Where the connection drops, the rest is asked for (`Range`, RFC 9110, 14). Throws
 * RegistryFailure, also for bytes that are not those of the digest: then there is no file.
 */
export async function fetchBlob(request: BlobRequest): Promise<void> {
  const { ask, digest, size, file, onReceived } = request;
  const part = `${file}.part`;
  await using handle = await open(part, "w", 0o600);
  let hash = hasher(digest);
  let received = 0;
  let fruitless = 0;
  const growth = new Growth();
  const most = size ?? largest;
  for (let isWhole = false; !isWhole;) {
    const before = received;
    const { answer, from } = await askFor(ask, received);
    if (from < received) {
      // It sends all of it again.
      hash = hasher(digest);
      received = 0;
    }
    try {
      for await (const piece of answer.body) {
        if (received + piece.length > most)
          throw new RegistryFailure("too-large", "a blob is larger than its manifest says");
        await writeAll(handle, piece, received);
        hash.update(piece);
        received += piece.length;
        onReceived(piece.length);
        if (!growth.add(piece.length)) throw new RegistryFailure("unreachable", "a blob comes too slowly");
      }
      isWhole = received === (size ?? received);
    } catch (error) {
      if (error instanceof RegistryFailure || isOwnFault(error)) throw error;
      // A server may have promised more than there is.
      isWhole = received === size;
    }
    fruitless = received - before >= leastFruit ? 0 : fruitless + 1;
    if (!isWhole && fruitless > maxFruitless)
      throw new RegistryFailure("unreachable", "a blob ends too early, again and again");
  }
  if (hash.digest() !== digest)
    throw new RegistryFailure("protocol", "the bytes of a blob are not those of its digest");
  await rename(part, file);
}

/** A part of a blob that is held in memory; fewer bytes where the blob ends. Throws RegistryFailure, also where a registry gives no parts. */
export async function fetchPart(
  ask: BlobRequest["ask"],
  offset: number,
  length: number,
  onReceived: (bytes: number) => void,
): Promise<Uint8Array> {
  const range = `bytes=${offset}-${offset + length - 1}`;
  for (let attempt = 0; ; attempt++) {
    const answer = await ask({ range });
    if (answer.status !== 206 || !beginsAt(answer, offset)) {
      await answer.discard();
      throw refused(answer.status, {
        missing: "the registry does not hold a blob",
        denied: "the registry does not give a blob",
        other: "the registry gives no parts of blobs",
      });
    }
    try {
      const bytes = await readWhole(answer.body, length);
      if (bytes === undefined) throw new RegistryFailure("protocol", "the registry gives more than was asked for");
      onReceived(bytes.length);
      return bytes;
    } catch (error) {
      if (error instanceof RegistryFailure || attempt >= maxFruitless) throw error;
    }
  }
}

/** Asks for a blob from a byte on, or for all of it where that is not given; says which it is. */
async function askFor(
  ask: BlobRequest["ask"],
  from: number,
): Promise<{ readonly answer: Answer; readonly from: number }> {
  const answer = await ask(from === 0 ? {} : { range: `bytes=${from}-` });
  if (answer.status === 200) return { answer, from: 0 };
  if (answer.status === 206 && beginsAt(answer, from)) return { answer, from };
  await answer.discard();
  // Another part than was asked for, or none.
  if (from > 0 && (answer.status === 206 || answer.status === 416)) return askFor(ask, 0);
  throw refused(answer.status, {
    missing: "the registry does not hold a blob",
    denied: "the registry does not give a blob",
    other: `the registry answers ${answer.status} for a blob`,
  });
}

/** Whether an answer is the part from a byte on (RFC 9110, 14.4). */
function beginsAt(answer: Answer, from: number): boolean {
  const told = /^bytes\s+(\d+)-/i.exec(answer.header("content-range") ?? "")?.[1];
  return told !== undefined && Number(told) === from;
}

async function writeAll(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < piece.length;) {
    const { bytesWritten } = await handle.write(piece, at, piece.length - at, position + at);
    at += bytesWritten;
  }
}

/** Of the disk, not of the connection. */
function isOwnFault(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "write";
}
