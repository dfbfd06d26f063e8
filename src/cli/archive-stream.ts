import { join } from "node:path";
import { readRange } from "../content/byte-range.ts";
import type { Problem } from "../model/problem.ts";
import type { Source } from "../model/source.ts";
import type { Wrapping } from "../model/unit.ts";
import { openTemporaryFolder } from "../remote/temporary-folder.ts";
import { expandCommand, openImage, sniffImage, streamProofs, wrappingOf } from "../sources/image/index.ts";
import { withCopy } from "./copied-source.ts";
import { keepStream } from "./kept-stream.ts";
import type { OpenContext } from "./request.ts";

/** Kinds that expand so slowly that to do it once for each layer would take minutes. */
const slow: ReadonlySet<Wrapping | undefined> = new Set<Wrapping | undefined>(["xz", "bzip2"]);

/** Whether an archive is to be expanded once, before it is read. */
export async function isSlow(path: string): Promise<boolean> {
  return slow.has(await wrappingOf(path).catch(() => undefined));
}

/**
 * Opens an image archive that comes as a stream (`file` undefined: standard input), or is compressed so that it had better be expanded once: what is needed at any place is put
 * into a temporary folder, which goes with the source. Throws ToolError where it is no image.
 */
export async function openStreamedImage(name: string, file: string | undefined, context: OpenContext): Promise<Source> {
  const folder = openTemporaryFolder();
  const copy = { folder: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  const problems: Problem[] = [];
  const keep = async (stream: AsyncIterable<Uint8Array>, to: string): Promise<string> => {
    const onReceived = (bytes: number): void => context.received({ bytes, objects: 0 });
    const at = join(folder.path, to);
    await keepStream(stream, { file: at, signal: context.signal, onReceived });
    context.received(undefined);
    return at;
  };
  try {
    const stored = file ?? (await keep(process.stdin, "stored.tar"));
    const wrapped = await wrappingOf(stored);
    const expand = (): AsyncIterable<Uint8Array> =>
      readRange(
        { file: stored, offset: 0, length: Infinity, ...(wrapped === undefined ? {} : { wrapped }) },
        (damage) =>
          problems.push({
            ...{ code: damage.kind === "bomb" || damage.kind === "unsupported" ? damage.kind : "layer-corrupt" },
            ...{ effect: "incomplete", target: name, subject: name, message: damage.message },
          }),
      );
    // What is no image is not expanded to the end only to be told so.
    const isWorth = slow.has(wrapped) && (await sniffImage(stored)) !== undefined;
    const at = isWorth ? await keep(expand(), "image.tar") : stored;
    // What came by standard input cannot be had again.
    const again =
      file === undefined || wrapped === undefined ? {} : { proofs: streamProofs(expandCommand(wrapped, file)) };
    return withCopy(await openImage(name, context, { at, problems, ...again }), copy, []);
  } catch (error) {
    copy[Symbol.dispose]();
    throw error;
  }
}
