import { statSync } from "node:fs";
import type { LayerUnit } from "../src/model/unit.ts";

/** A whole file as a layer whose digests nobody told; `facts`: what else is known of it. */
export function layerUnit(file: string, facts: Partial<LayerUnit> = {}): LayerUnit {
  const length = statSync(file).size;
  return { kind: "layer", target: "t", weight: 1, file, offset: 0, length, digest: "", diffId: "", ...facts };
}
