import { hasHash } from "../../content/hash-list.ts";
import { ancestors } from "../../content/tar-path.ts";
import { pathHash } from "../../model/path-hash.ts";
import type { LayerReading } from "../../model/unit.ts";

/** What a layer does to the ones below it, ready to be asked. */
export interface LayerEffects {
  /** Whether the layer removes or replaces a file that a lower layer has at this cleaned path. */
  removes(path: string): boolean;
}

/**
 * Makes a layer's reading askable (OCI image specification, layer.md): a whiteout of the path or of a folder above it, an opaque folder
 * above it (anywhere in the tar), another entry at the same path, or a file where a folder above it was.
 */
export function layerEffects(reading: LayerReading): LayerEffects {
  const whiteouts = new Set(reading.whiteouts);
  const opaques = new Set(reading.opaques);
  return {
    removes(path) {
      const hash = pathHash(path);
      if (whiteouts.has(path) || hasHash(reading.files, hash) || hasHash(reading.directories, hash)) return true;
      if (opaques.has("")) return true;
      return ancestors(path).some(
        (folder) => whiteouts.has(folder) || opaques.has(folder) || hasHash(reading.files, pathHash(folder)),
      );
    },
  };
}
