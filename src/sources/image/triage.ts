import { collectLayerPaths } from "../../content/layer-paths.ts";
import { readWrittenTable, type StoredLayer } from "../../content/layer-table.ts";
import { holdSpans } from "../../content/held-spans.ts";
import { readTableFile, tableEntries, type TableEntry } from "../../content/table-entries.ts";
import type { Problem } from "../../model/problem.ts";
import type { InlineUnit, LayerReading, UnitResult } from "../../model/unit.ts";
import { likelihood } from "./likely-files.ts";
import type { LayerResult } from "./locate.ts";

/** Files of one layer that a first look reads, and what they take when they are stored and when they are expanded. */
const maxFiles = 2000;
const maxStoredBytes = 16 << 20;
const maxExpandedBytes = 32 << 20;
/** And with all that lies around them, which a table can have read again and again. */
const maxWorkBytes = 512 << 20;
/** Parts of one file: writers make some ten of a mebibyte. */
const maxPieces = 256;

/** A layer of which a few files are read. */
export interface Triage {
  /** The files; absent where there are none to read. */
  readonly unit?: InlineUnit;
  /** What the table tells of the layer. */
  readonly reading?: LayerReading;
  /** The number of a file's entry in the layer. */
  readonly entryOf: ReadonlyMap<string, number>;
  /** What was not read. */
  readonly problems: readonly Problem[];
}

/** A part of a layer could not be had. */
class Unread extends Error {
  constructor(cause: unknown) {
    const isSystem = cause instanceof Error && "code" in cause;
    super(isSystem ? String(cause.code) : cause instanceof Error ? cause.message : "", { cause });
  }
}

/** A first look at a layer: its table of contents, and of its files those that are likely to hold credentials. Never throws for what the layer holds. */
export async function triage(
  stored: StoredLayer,
  layer: { readonly target: string; readonly digest: string; readonly diffId: string },
): Promise<Triage> {
  const { target, digest, diffId } = layer;
  let readBytes = 0;
  const counted: StoredLayer = {
    length: stored.length,
    async read(offset, length) {
      const bytes = await stored.read(offset, length).catch((error: unknown) => {
        throw new Unread(error);
      });
      readBytes += bytes.length;
      return bytes;
    },
  };
  const problems: Problem[] = [];
  const tell = (message: string, contents?: number): void => {
    const lost = contents === undefined ? {} : { contents };
    problems.push({ code: "triage", effect: "incomplete", target, subject: digest || diffId, message, ...lost });
  };
  const none = { entryOf: new Map<string, number>(), problems };
  try {
    const table = await readWrittenTable(counted);
    if (table === undefined || table === "damaged") {
      const reason = table === undefined ? "it has no table of contents" : "its table of contents is damaged";
      tell(`nothing of its ${stored.length} bytes was read: ${reason}`);
      return none;
    }
    const paths = collectLayerPaths();
    const entryOf = new Map<string, number>();
    const files: TableEntry[] = [];
    for (const entry of tableEntries(table)) {
      const number = paths.entry(entry.path, entry);
      if (entry.type !== "file" || number < 0) continue;
      entryOf.set(entry.path, number);
      files.push(entry);
    }
    const contents: { place: string; bytes: Uint8Array }[] = [];
    const room = { bytes: maxWorkBytes };
    let wrong = 0;
    const likely = likelyFiles(files);
    const held = await holdSpans(
      counted,
      likely.flatMap(({ pieces }) => pieces),
    );
    for (const file of likely) {
      const bytes = await readTableFile(held, file, room);
      if (bytes === undefined) wrong++;
      else contents.push({ place: file.path, bytes });
    }
    const unread = files.filter(({ size }) => size > 0).length - contents.length;
    const isDifferent = wrong === 0 ? "" : `; ${wrong} of them are not as the table says`;
    if (unread > 0)
      tell(
        `${unread} of its files were not read, ${stored.length - readBytes} of its ${stored.length} bytes${isDifferent}`,
        unread,
      );
    else tell("nothing but the files of its table was read");
    const reading = { digest, diffId, compression: table.compression, isUnpadded: false, ...paths.result() };
    const weight = contents.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return {
      ...(contents.length === 0 ? {} : { unit: { kind: "inline", target, weight, contents, arePaths: true } }),
      ...{ reading, entryOf, problems },
    };
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    tell(`cannot be read in parts: ${error.message}`);
    return none;
  }
}

/** What came of the files that were read, as that of a layer. */
export function triageResult({ reading, entryOf }: Triage, { hits }: UnitResult): LayerResult {
  return {
    reading,
    hits: hits.map(({ content, place }) => ({ content, path: place, entry: entryOf.get(place) })),
  };
}

/** The files to read, the likeliest first; of files with one name the last, which is the one that containers see. */
function likelyFiles(files: readonly TableEntry[]): TableEntry[] {
  const last = new Map(files.map((file) => [file.path, file]));
  const ranked = [...last.values()]
    .flatMap((file) => {
      const rank =
        file.pieces.length === 0 || file.pieces.length > maxPieces ? undefined : likelihood(file.path, file.size);
      return rank === undefined ? [] : [{ file, rank }];
    })
    .sort((a, b) => a.rank - b.rank || (a.file.path < b.file.path ? -1 : 1));
  let [stored, expanded] = [0, 0];
  const chosen: TableEntry[] = [];
  for (const { file } of ranked) {
    const bytes = file.pieces.reduce((sum, { from, to }) => sum + to - from, 0);
    if (chosen.length >= maxFiles) break;
    if (stored + bytes > maxStoredBytes || expanded + file.size > maxExpandedBytes) continue;
    stored += bytes;
    expanded += file.size;
    chosen.push(file);
  }
  return chosen;
}
