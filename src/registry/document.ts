import { brotliDecompressSync, gunzipSync, inflateSync, type ZlibOptions } from "node:zlib";
import { readWhole } from "../content/read-whole.ts";
import type { Answer } from "./answer.ts";
import { refused, RegistryFailure } from "./failure.ts";

type Unpack = (bytes: Buffer, options: ZlibOptions) => Buffer;

const coders: Readonly<Record<string, Unpack>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * The body of a small answer without what it was packed in on its way (`Content-Encoding`, RFC 9110, 8.4): it is never asked for, and servers in front of registries do it all the same. Where
 * the bytes are not what that says, they are taken as they are. Undefined where there are more than `maxBytes`. Throws what the connection throws.
 */
export async function readDocument({ body, header }: Answer, maxBytes: number): Promise<Buffer | undefined> {
  const bytes = await readWhole(body, maxBytes);
  const coding = header("content-encoding")?.trim().toLowerCase() ?? "";
  const unpack = Object.hasOwn(coders, coding) ? coders[coding] : undefined;
  if (bytes === undefined || unpack === undefined) return bytes;
  try {
    return unpack(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : bytes;
  }
}

/** Times that a document is asked for whose connection drops. */
const maxBroken = 3;

/** Asks for a manifest or configuration until it comes whole. Undefined where it has more than `maxBytes`. Throws RegistryFailure. */
export async function fetchDocument(
  ask: () => Promise<Answer>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (answer.status !== 200) {
      await answer.discard();
      throw refused(answer.status, {
        missing: "the registry holds no such image",
        denied: "the registry does not allow it",
        other: `the registry answers ${answer.status}`,
      });
    }
    try {
      return await readDocument(answer, maxBytes);
    } catch {
      if (attempt >= maxBroken || signal.aborted) throw new RegistryFailure("unreachable", "the connection drops");
    }
  }
}
