import { statfsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { ToolError } from "../model/problem.ts";
import { bytesText } from "../report/index.ts";

/** So much of the disk's free room is left to others. */
const leftFree = 0.1;

export interface KeepOptions {
  /** Where it goes: into a folder of this run's own. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** How many bytes have come. */
  readonly onReceived: (bytes: number) => void;
}

/** Writes a stream to a file, because its parts are needed at any place. Throws ToolError where the disk has no room for it, and what the stream throws. */
export async function keepStream(
  stream: AsyncIterable<Uint8Array>,
  { file, signal, onReceived }: KeepOptions,
): Promise<void> {
  const { bavail, bsize } = statfsSync(dirname(file));
  const most = Math.floor(bavail * bsize * (1 - leftFree));
  await using handle = await open(file, "wx", 0o600);
  let bytes = 0;
  for await (const chunk of stream) {
    if (signal.aborted) throw new ToolError("interrupted", "was interrupted");
    if (bytes + chunk.length > most)
      throw new ToolError("no-room", `there is no room for it: ${bytesText(most)} are free for temporary files`, {
        hint: "TMPDIR names the folder that it is put into.",
      });
    await handle.writeFile(chunk);
    bytes += chunk.length;
    onReceived(bytes);
  }
}
