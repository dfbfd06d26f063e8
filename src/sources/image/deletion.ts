import { hasHash } from "../../content/hash-list.ts";
import { ancestors } from "../../content/tar-path.ts";
import type { Removal } from "../../model/content.ts";
import { append } from "../../model/multimap.ts";
import { pathHash } from "../../model/path-hash.ts";
import { textEntry, type LayerReading } from "../../model/unit.ts";

/** What a layer does to the ones below it and to itself, ready to be asked. */
export interface LayerEffects {
  /** How the layer takes away a file that a lower layer has at this cleaned path; undefined where it leaves it. */
  removes(path: string): Removal | undefined;
  /** Whether a later entry of the layer itself takes the place of the one of this number. */
  shadows(path: string, entry: number | undefined): boolean;
  /** Whether the entry of this number stands behind the end of the tar. */
  isAfterEnd(entry: number | undefined): boolean;
  /** Which of the entries at its path this one is, from 1; undefined where it is the only one. */
  occurrence(path: string, entry: number | undefined): number | undefined;
  /** Hard links of the layer that lead to a path. */
  linksTo(path: string): readonly string[];
}

/**
 * Makes a layer's reading askable (OCI image specification, layer.md): another entry at the same path, a whiteout of the path or of a folder above it,
 * an opaque folder above it (anywhere in the tar), or a file where a folder above it was.
 */
export function layerEffects(reading: LayerReading): LayerEffects {
  const whiteouts = new Set(reading.whiteouts);
  const opaques = new Set(reading.opaques);
  const repeated = new Map(reading.repeated.map(({ hash, entries }) => [hash, entries]));
  const { unseenFrom = Infinity } = reading;
  const links = new Map<string, string[]>();
  for (const { path, target } of reading.links) append(links, target, path);
  return {
    removes(path) {
      const hash = pathHash(path);
      if (hasHash(reading.files, hash) || hasHash(reading.directories, hash)) return "replaced";
      if (whiteouts.has(path)) return "whiteout";
      const above = ancestors(path);
      if (above.some((folder) => whiteouts.has(folder))) return "whiteout";
      if (opaques.has("") || above.some((folder) => opaques.has(folder))) return "opaque";
      return above.some((folder) => hasHash(reading.files, pathHash(folder))) ? "covered" : undefined;
    },
    shadows(path, entry) {
      const entries = repeated.size === 0 ? undefined : repeated.get(pathHash(path));
      if (entry === undefined || entry === textEntry) return false;
      return entries !== undefined && entry !== entries.findLast((one) => one < unseenFrom);
    },
    isAfterEnd: (entry) => entry !== undefined && entry >= unseenFrom,
    occurrence(path, entry) {
      const entries = repeated.size === 0 ? undefined : repeated.get(pathHash(path));
      const at = entry === undefined ? undefined : entries?.indexOf(entry);
      return at === undefined || at < 0 ? undefined : at + 1;
    },
    linksTo: (path) => links.get(path) ?? [],
  };
}
