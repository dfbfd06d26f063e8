import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { FilesUnit, InlineUnit, StreamUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { readDescriptor } from "./descriptor.ts";
import { systemFault } from "./system-fault.ts";
import { gatherBytes } from "../gather-bytes.ts";
import { EntryScanner } from "./entries.ts";
import { bytesOfFile } from "../../content/containers/index.ts";
import { knownFile, lookInsideHeld, scanWhole, withKnown } from "../inside.ts";
import { HeldContent } from "./held-content.ts";
import { createHash } from "node:crypto";
import { blobId } from "../../content/blob-id.ts";

const chunkBytes = 1 << 20;
/** Not through a link that was put in the file's place meanwhile, and without waiting for the writer of a FIFO. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Scans the files of a folder. */
export function scanFiles(unit: FilesUnit, task: Task, out: ResultBuilder): void {
  const scanner = new EntryScanner(task, out, true);
  const chunk = Buffer.allocUnsafe(chunkBytes);
  unit.paths.forEach((path, i) => {
    if (task.cancelled()) return out.skip("interrupted");
    const name = unit.names[i]!;
    let descriptor: number | undefined;
    try {
      descriptor = openSync(typeof path === "string" ? path : Buffer.from(path), openFlags);
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return out.lost("unreadable", name, "is no longer a regular file");
      scanner.begin(name, stat.size, { whole: bytesOfFile(descriptor, stat.size) });
      let read = 0;
      while (read < stat.size && !task.cancelled()) {
        const count = readSync(descriptor, chunk, 0, Math.min(chunkBytes, stat.size - read), read);
        if (count === 0) break;
        scanner.push(chunk.subarray(0, count));
        read += count;
      }
      scanner.end();
    } catch (error) {
      out.lost("unreadable", name, reason(error));
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  });
}

/** Scans contents that were sent along. */
export function scanInline(unit: InlineUnit, task: Task, out: ResultBuilder): void {
  if (unit.areNames === true) return scanNames(unit, task, out);
  const scanner = new EntryScanner(task, out, unit.arePaths === true);
  for (const { place, bytes } of unit.contents) {
    scanner.begin(place, bytes.length);
    scanner.push(bytes);
    scanner.end();
  }
}

function scanNames({ contents }: InlineUnit, task: Task, out: ResultBuilder): void {
  contents.forEach(({ bytes }, ordinal) => {
    if (task.cancelled()) return;
    const id = blobId(bytes);
    if (!task.begin(ordinal)) return out.problem("worker-crashed", "incomplete", id, crashMessage);
    out.part(id, task.detector.scan(Buffer.from(bytes)));
    task.advance(bytes.length);
  });
}

/** Scans what comes out of an open descriptor until it ends. */
export async function scanStream(unit: StreamUnit, task: Task, out: ResultBuilder): Promise<void> {
  if (!task.begin(0)) return out.lost("worker-crashed", "", "standard input ended the worker that scanned it");
  try {
    await scanChunks(
      readDescriptor(unit.descriptor, () => task.cancelled()),
      task,
      out,
    );
  } catch (error) {
    out.lost("unreadable", "", `standard input ${systemFault(error)}`);
  }
  if (task.cancelled()) out.problem("interrupted", "incomplete", "", "was not read to its end");
}

async function scanChunks(chunks: AsyncGenerator<Buffer>, task: Task, out: ResultBuilder): Promise<void> {
  const first: Buffer[] = [];
  let length = 0;
  while (length <= gatherBytes) {
    const { value: bytes, done } = await chunks.next();
    if (done === true) break;
    first.push(Buffer.from(bytes));
    length += bytes.length;
    task.advance(bytes.length);
  }
  const head = Buffer.concat(first);
  if (length <= gatherBytes) out.scanned(blobId(head), "", length, scanWhole(task, head));
  else {
    // A blob id begins with the size, which nobody knows yet: a stream that is not held has the plain hash of its bytes for an id.
    const hash = createHash("sha1").update(head);
    const stream = task.detector.stream();
    const held = new HeldContent(Infinity);
    stream.push(head);
    if (task.archiveDepth > 0) held.push(head);
    for await (const bytes of chunks) {
      hash.update(bytes);
      stream.push(bytes);
      if (task.archiveDepth > 0) held.push(bytes);
      length += bytes.length;
      task.advance(bytes.length);
    }
    const result = stream.end();
    const whole = lookInsideHeld(task, result, held.end(), length);
    out.scanned(hash.digest("hex"), "", length, withKnown(whole, knownFile(task, head, length)));
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ENOENT") return "is gone";
  if (code === "ELOOP") return "is now a symbolic link";
  return `cannot be read (${code ?? (error instanceof Error ? error.message : "unknown")})`;
}
