import { stat } from "node:fs/promises";
import { readHead } from "../../content/byte-range.ts";
import { sniffCompression } from "../../content/compression.ts";
import { TAR_BLOCK } from "../../content/tar-header.ts";
import type { Wrapping } from "../../model/unit.ts";

/** How a whole file is compressed, as far as images are concerned. */
export async function wrappingOf(path: string): Promise<Wrapping | undefined> {
  // What says that it is empty, and is not, can wait for ever to be read (`/proc/kmsg`).
  if ((await stat(path)).size === 0) return undefined;
  const compression = sniffCompression(await readHead({ file: path, offset: 0, length: TAR_BLOCK }, TAR_BLOCK));
  return compression === "none" ? undefined : compression;
}
