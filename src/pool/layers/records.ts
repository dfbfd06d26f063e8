import type { Hash } from "node:crypto";
import { startBlobId } from "../../content/blob-id.ts";
import type { LayerSink } from "../../content/layer.ts";
import { textEntry } from "../../model/unit.ts";
import { gatherBytes } from "../gather-bytes.ts";
import type { RingReader, RingWriter } from "./ring.ts";

/**
 * The files of a layer as records in a ring. Each is a head of 20 bytes (kind, a number, a size, the number of the entry) and what its kind says behind it: a path, bytes, or
 * at the end of a file its git id.
 */
const kinds = { begin: 1, data: 2, end: 3, done: 4 } as const;
const headBytes = 20;
const idBytes = 20;

/** What is told about the files of a layer that another thread reads. */
export interface RecordSink {
  begin(path: string, size: number, entry: number): void;
  /** The bytes are valid during the call. */
  push(chunk: Uint8Array): void;
  /** `id`: the content's git id, where the other thread has made it. */
  end(id?: string): void;
  /** Asked after each file: whether other tasks of this thread are to have their turn. */
  wantsPause?(): boolean;
  /** Asked after each piece: whether the sink would rather ask for what is left of this file than be given it. */
  readonly wantsRest?: boolean;
  /** Then it is called once; what it leaves of `chunks` is passed over. Each is valid until the next one is asked for. */
  rest?(chunks: Iterable<Uint8Array>): void;
}

/** Writes what is told to a `LayerSink` into a ring, and the ids of files (`hasIds`), which would cost the thread that scans a tenth of its time. `done` ends it. */
export function writeRecords(ring: RingWriter, hasIds: boolean): LayerSink & { done(): void } {
  const bytes = Buffer.alloc(headBytes);
  const head = (kind: number, number: number, size = 0, entry = 0): void => {
    bytes.writeUInt32LE(kind, 0);
    bytes.writeUInt32LE(number, 4);
    bytes.writeDoubleLE(size, 8);
    bytes.writeInt32LE(entry, 16);
    ring.write(bytes);
  };
  let hash: Hash | undefined;
  let isGathered = false;
  let missing = 0;
  const sink: LayerSink & { done(): void } = {
    begin({ path, size, entry }) {
      hash = hasIds ? startBlobId(size) : undefined;
      isGathered = size <= gatherBytes;
      missing = size;
      const text = Buffer.from(path);
      head(kinds.begin, text.length, size, entry);
      ring.write(text);
    },
    push(chunk) {
      hash?.update(chunk);
      missing -= chunk.length;
      head(kinds.data, chunk.length);
      ring.write(chunk);
    },
    end() {
      // A file that was cut off has another id than the one that was begun, if it is in memory as a whole.
      const id = missing === 0 || !isGathered ? hash?.digest() : undefined;
      head(kinds.end, id === undefined ? 0 : idBytes);
      if (id !== undefined) ring.write(id);
    },
    beside({ path, text }) {
      const bytes = Buffer.from(text);
      sink.begin({ path, size: bytes.length, entry: textEntry });
      sink.push(bytes);
      sink.end(true);
    },
    done() {
      head(kinds.done, 0);
      ring.flush();
    },
  };
  return sink;
}

/** Reads what `writeRecords` wrote, up to `done`. `check` is called while nothing comes, and may throw; `piece` before each record. */
export async function readRecords(
  ring: RingReader,
  sink: RecordSink,
  check: () => void,
  piece: () => void = () => {},
): Promise<void> {
  const head = Buffer.alloc(headBytes);
  const id = Buffer.alloc(idBytes);
  const fill = async (target: Buffer, length: number): Promise<void> => {
    let filled = 0;
    await ring.take(length, check, (part) => {
      target.set(part, filled);
      filled += part.length;
    });
  };
  /** The head of a file's end is there. */
  const end = async (): Promise<void> => {
    const length = head.readUInt32LE(4);
    await fill(id, length);
    sink.end(length === 0 ? undefined : id.toString("hex"));
    if (sink.wantsPause?.() === true) await new Promise((resolve) => setImmediate(resolve));
  };
  for (;;) {
    piece();
    await fill(head, headBytes);
    const number = head.readUInt32LE(4);
    switch (head.readUInt32LE(0)) {
      case kinds.begin: {
        const path = Buffer.alloc(number);
        const size = head.readDoubleLE(8);
        const entry = head.readInt32LE(16);
        await fill(path, number);
        sink.begin(path.toString(), size, entry);
        break;
      }
      case kinds.data:
        await ring.take(number, check, (part) => sink.push(part));
        if (sink.wantsRest !== true) break;
        passRest(restOf(ring, head), sink);
        await end();
        break;
      case kinds.end:
        await end();
        break;
      case kinds.done:
        return;
      default:
        throw new Error("the records of a layer are not what they should be");
    }
  }
}

/** Lets a sink ask for what is left of a file. */
function passRest(rest: Generator<Uint8Array, void>, sink: RecordSink): void {
  // Whoever takes no more must not end the generator: what is left has to be passed over.
  sink.rest?.({ [Symbol.iterator]: () => ({ next: () => rest.next() }) });
  for (let next = rest.next(); next.done !== true; next = rest.next());
}

/**
 * The bytes of a file up to its end, which is taken as well and then stands in `head`; nothing where it stands there already. Whoever asks for them cannot hear that the other thread
 * died, and waits: the pool ends a worker that does so for long.
 */
function* restOf(ring: RingReader, head: Buffer): Generator<Uint8Array, void> {
  while (head.readUInt32LE(0) !== kinds.end) {
    let filled = 0;
    for (const part of ring.parts(headBytes)) {
      if (part === undefined) continue;
      head.set(part, filled);
      filled += part.length;
    }
    if (head.readUInt32LE(0) !== kinds.data) continue;
    for (const part of ring.parts(head.readUInt32LE(4))) if (part !== undefined) yield part;
  }
}
