import type { Detection, DetectionPart } from "./detection.ts";

/** What may be kept of the detections of one content: where their texts stand, never what these are. */
export interface PlacedContent {
  /** Bytes of the content, and their CRC-32. */
  readonly length: number;
  readonly sum: number;
  readonly detections: readonly PlacedDetection[];
}

export interface PlacedDetection {
  readonly facts: Omit<Detection, "secret" | "match" | "line" | "parts">;
  /** Offsets of begin and end of secret, match and line. */
  readonly spans: readonly number[];
  readonly parts?: readonly PlacedPart[];
}

/** A part whose value is a secret is told by the number of the detection that has it. */
export type PlacedPart = DetectionPart | { readonly name: string; readonly secretOf: number };
