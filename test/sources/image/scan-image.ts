import { readLayer } from "../../../src/content/layer.ts";
import { blobId } from "../../../src/content/blob-id.ts";
import type { ContentHit, Detection } from "../../../src/model/detection.ts";
import type { ImageOrigin } from "../../../src/model/content.ts";
import type { Problem } from "../../../src/model/problem.ts";
import type { SourceContext } from "../../../src/model/source.ts";
import type { Unit, UnitResult } from "../../../src/model/unit.ts";
import { openImage, type ImageOptions } from "../../../src/sources/image/index.ts";

export interface ImageScan {
  /** Sightings of contents that hold the word, each as one line, sorted. */
  readonly lines: string[];
  readonly origins: readonly ImageOrigin[];
  readonly problems: readonly Problem[];
  readonly units: readonly Unit[];
  /** Paths of all files in all layers, sorted. */
  readonly files: readonly string[];
}

/** What planted texts in test images hold: a word stands for the secret, so that no secret is needed here. */
export const PLANTED = "PLANTED-WORD";

/** Scans an image the way the pool does, with a search for `PLANTED` as the only rule. */
export async function scanImage(target: string, options: ImageOptions = {}): Promise<ImageScan> {
  const claimed = new Set<string>();
  const context: SourceContext = {
    signal: new AbortController().signal,
    claim: (id) => !claimed.has(id) && claimed.add(id).has(id),
    claimAt: () => true,
  };
  const problems: Problem[] = [];
  const units: Unit[] = [];
  const files: string[] = [];
  const contents = new Set<string>();
  await using source = await openImage(target, context, options);
  for await (const item of source.units()) {
    if (!("kind" in item)) problems.push(item);
    if (!("kind" in item) || item.kind === "known") continue;
    units.push(item.unit);
    const result = await runUnit(item.unit, files);
    problems.push(...result.problems);
    for (const hit of result.hits) contents.add(hit.content);
    source.done(item.unit, result);
  }
  const located = await source.locate(contents, (unit) => runUnit(unit, []));
  problems.push(...located.problems);
  const origins = located.sightings.map(({ origin }) => origin).filter((origin) => origin.kind === "image");
  return { lines: origins.map(describe).sort(), origins, problems, units, files: files.sort() };
}

function describe(origin: ImageOrigin): string {
  const layer = origin.layer === undefined ? "" : ` layer ${origin.layer.index} (${origin.layer.createdBy})`;
  const deleted = origin.deleted ? ` deleted by ${origin.deletedBy?.index}` : "";
  return `${origin.part} ${origin.path}${layer}${deleted}`;
}

async function runUnit(unit: Unit, files: string[]): Promise<UnitResult> {
  const hits: ContentHit[] = [];
  const look = (place: string, bytes: Uint8Array): void => {
    const detections: Detection[] = [];
    if (Buffer.from(bytes).includes(PLANTED)) hits.push({ content: blobId(bytes), place, detections });
  };
  const result = { scanned: 0, bytes: 0, skipped: {}, suppressed: {}, hits, problems: [] };
  if (unit.kind === "inline") {
    for (const { place, bytes } of unit.contents) look(place, bytes);
    return result;
  }
  if (unit.kind !== "layer") throw new TypeError(`an image planned a unit of kind ${unit.kind}`);
  let path = "";
  let parts: Uint8Array[] = [];
  const { problems, reading } = await readLayer(unit, {
    begin(file) {
      path = file.path;
      parts = [];
      files.push(path);
    },
    push: (chunk) => void parts.push(chunk),
    end: () => look(path, Buffer.concat(parts)),
  });
  return { ...result, problems, layer: reading };
}
