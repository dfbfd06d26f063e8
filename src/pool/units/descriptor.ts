import { fstatSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { isatty, ReadStream } from "node:tty";

const chunkBytes = 1 << 20;
/** How soon a reader that waits for bytes notices that nobody wants them any more. */
const watchMs = 50;

/**
 * What comes out of an open descriptor until it ends, or until `cancelled`. A chunk is valid until the next one is asked for. Pipes, sockets and
 * terminals are waited for without blocking the thread: one that is blocked in a read cannot be ended, nor can its process. Throws what the
 * operating system says.
 */
export async function* readDescriptor(descriptor: number, cancelled: () => boolean): AsyncGenerator<Buffer> {
  const stat = fstatSync(descriptor);
  const waits = stat.isFIFO() || stat.isSocket();
  if (waits || isatty(descriptor)) {
    yield* readWaiting(
      waits ? new Socket({ fd: descriptor, readable: true, writable: false }) : new ReadStream(descriptor),
      cancelled,
    );
    return;
  }
  const chunk = Buffer.allocUnsafe(chunkBytes);
  while (!cancelled()) {
    const count = readSync(descriptor, chunk, 0, chunkBytes, null);
    if (count === 0) return;
    yield chunk.subarray(0, count);
  }
}

async function* readWaiting(stream: Socket | ReadStream, cancelled: () => boolean): AsyncGenerator<Buffer> {
  const watch = setInterval(() => void (cancelled() && stream.destroy()), watchMs);
  try {
    // Without an encoding a stream gives bytes.
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (!cancelled()) throw error;
  } finally {
    clearInterval(watch);
  }
}
