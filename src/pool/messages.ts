import type { Prebuilt } from "../detect/index.ts";
import type { ProvedContents } from "../model/clean-index.ts";
import type { Ruleset } from "../model/rule.ts";
import type { Unit, UnitResult } from "../model/unit.ts";
import type { HeldUnit } from "./units/held-unit.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  readonly ruleset: Ruleset;
  readonly kernel: WebAssembly.Module;
  readonly decodeDepth: number;
  readonly archiveDepth: number;
  readonly honourInlineAllow: boolean;
  readonly inherits: boolean;
  readonly prebuilt?: Prebuilt;
  readonly listsClean: boolean;
  /** Where the code of the thread is that reads large layers beside a worker. */
  readonly layerReader?: string;
  /** Shared: `progressSlots` numbers of this worker. */
  readonly progress: SharedArrayBuffer;
  /** Shared by all: not 0 once the run is cancelled. */
  readonly cancel: SharedArrayBuffer;
  /** Shared by all: how many workers have nothing to do (`idleSlots` numbers). */
  readonly idle: SharedArrayBuffer;
}

/** Slots of the shared progress numbers. */
export const progressSlot = { ordinal: 0, bytes: 1, contents: 2, beats: 3, looked: 4, planned: 5 } as const;
export const progressSlots = 6;

export interface UnitMessage {
  readonly kind: "unit";
  readonly id: number;
  readonly unit: Unit | HeldUnit;
  /** Numbers of contents that ended a worker before. */
  readonly leaveOut: readonly number[];
  /** Clean contents of earlier scans; in shared memory, so nothing is copied. */
  readonly known?: readonly ProvedContents[] | undefined;
}

/** What came of a content that the worker gave away. */
export interface HandedMessage {
  readonly kind: "handed";
  readonly number: number;
  readonly result: UnitResult | undefined;
}

export type WorkerMessage =
  | { readonly kind: "ready"; readonly engine: "re2" | "re2js" }
  | { readonly kind: "result"; readonly id: number; readonly result: UnitResult }
  /** A content for a worker that is idle. */
  | { readonly kind: "give"; readonly number: number; readonly unit: HeldUnit };
