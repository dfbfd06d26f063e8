import type { LayerOutcome } from "../../content/layer.ts";
import type { LayerUnit } from "../../model/unit.ts";

/** Asks the reading thread for a layer. */
export interface LayerOrder {
  readonly unit: LayerUnit;
}

/** What came of it, once all records are in the ring. */
export type LayerAnswer =
  | { readonly kind: "read"; readonly outcome: LayerOutcome }
  | { readonly kind: "stopped" }
  /** A fault of ours. */
  | { readonly kind: "failed" };
