import { blobId } from "../../content/blob-id.ts";
import { readLayer, type LayerSink } from "../../content/layer.ts";
import { differenceBytes } from "../../content/table-check.ts";
import { cleanPath } from "../../content/tar-path.ts";
import type { ImageOrigin, LayerFacts } from "../../model/content.ts";
import type { SourceContext } from "../../model/source.ts";
import type { LayerUnit, Unit } from "../../model/unit.ts";
import { kindAt } from "./path-kind.ts";

/** What an image is asked for: the content at a place, which is known by its id. */
export interface ImageContent {
  readonly origin: ImageOrigin;
  readonly id: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a content of an image at hand again: of an archive, a layout, an engine's storage. `targets`: what was scanned, where that is known. Gives a sentence where the image is not
 * here any more, or never was on the disk (registries and engines).
 */
export async function readFromImage(targets: readonly string[], asked: ImageContent): Promise<Buffer | string> {
  const target = imageAtHand([asked.origin.image, ...targets]);
  if (target === undefined)
    return `${asked.origin.image} is not at hand: layers of registries and engines are gone once they were scanned`;
  const { openImage } = await import("../../sources/image/index.ts");
  const context: SourceContext = { signal: asked.signal, claim: () => true, claimAt: () => true };
  await using source = await openImage(target, context);
  for await (const item of source.units()) {
    if ("code" in item || item.kind === "known") continue;
    const found = await readFromUnit(item.unit, asked);
    if (found !== undefined) return found;
  }
  return "the image has no such content any more, or it is too large to be shown";
}

/** The first of these names of images that begins with a path which is here: that beginning. */
export function imageAtHand(names: readonly string[]): string | undefined {
  return names.flatMap(namesIn).find(isAtHand);
}

/** Parts of a name that may be a path; a stranger's report can give any number of colons. */
const maxNames = 8;

/** What the name of an image may begin with: a tag stands behind the path. */
function namesIn(image: string): readonly string[] {
  const names = [image];
  for (let at = image.lastIndexOf(":"); at > 0 && names.length < maxNames; at = image.lastIndexOf(":", at - 1))
    names.push(image.slice(0, at));
  return names;
}

function isAtHand(target: string): boolean {
  const path = target.replace(
    /^(?:docker-archive|dir|oci|oci-archive|containerd|containers-storage|docker-storage|rootfs):/,
    "",
  );
  return kindAt(path) !== undefined;
}

async function readFromUnit(unit: Unit, asked: ImageContent): Promise<Buffer | undefined> {
  const { origin, id } = asked;
  if (unit.kind === "inline") {
    const found = unit.contents.find(({ bytes }) => blobId(bytes) === id);
    return found === undefined ? undefined : Buffer.from(found.bytes);
  }
  return unit.kind === "layer" && mayBe(unit, origin.layer) ? readFile(unit, asked) : undefined;
}

/** Whether a unit is a layer, as far as its digests are known before it is read. */
function mayBe(unit: LayerUnit, layer: LayerFacts | undefined): boolean {
  if (layer === undefined) return false;
  if (unit.digest !== "") return unit.digest === layer.digest;
  return unit.diffId === "" || unit.diffId === layer.diffId;
}

/** Reads a layer as far as the file. */
async function readFile(unit: LayerUnit, { origin, id, maxBytes, signal }: ImageContent): Promise<Buffer | undefined> {
  const path = cleanPath(origin.linkTo ?? origin.path);
  const done = new AbortController();
  let parts: Uint8Array[] | undefined;
  let size = 0;
  let found: Buffer | undefined;
  const sink: LayerSink = {
    begin(file) {
      size = 0;
      parts = file.path === path || file.path === "" ? [] : undefined;
    },
    push(chunk) {
      size += chunk.length;
      if (size <= maxBytes) parts?.push(Buffer.from(chunk));
    },
    end() {
      const bytes = parts === undefined || size > maxBytes ? undefined : Buffer.concat(parts);
      parts = undefined;
      // A path may stand in a layer several times.
      if (bytes === undefined || blobId(bytes) !== id) return;
      found = bytes;
      done.abort();
    },
    beside({ path: at, text }) {
      const bytes = Buffer.from(text);
      if (cleanPath(at) !== path || blobId(bytes) !== id) return;
      found = bytes;
      done.abort();
    },
  };
  try {
    const { differences } = await readLayer(unit, sink, { signal: AbortSignal.any([signal, done.signal]) });
    found ??= differences.map(differenceBytes).find((bytes) => blobId(bytes) === id);
  } catch (error) {
    if (found === undefined && !signal.aborted) throw error;
  }
  return found;
}
