import type { Detector } from "../detect/index.ts";
import type { HandOver } from "./hand-over.ts";
import type { MemberMemo } from "./member-memo.ts";
import type { LayerThread } from "./layers/layer-thread.ts";
import type { Recogniser } from "./recogniser.ts";

/** What a unit handler has at hand in its worker. */
export interface Task {
  readonly detector: Detector;
  /** Whether results list the clean contents. */
  readonly listsClean: boolean;
  /** Clean contents of earlier scans, under keys of the kind that the unit's contents have. */
  readonly recogniser: Recogniser;
  /** Reads large layers beside this thread. */
  readonly layers?: LayerThread;
  /** Takes what other workers may scan meanwhile. */
  readonly handOver?: HandOver;
  /**
   * Told before each content, with its number in the unit. Gives false when this content ended a worker before: it is then left out.
   * The main thread sees the number, so that it knows whom to blame when the worker dies.
   */
  begin(ordinal: number): boolean;
  /** How many archives inside of each other are opened; 0: none. */
  readonly archiveDepth: number;
  /** What lies in archives and was looked at before; absent where nothing is remembered. */
  readonly members?: MemberMemo;
  /** Bytes of members that were read: signs of life, which no plan counts. */
  inside(bytes: number): void;
  /** Bytes that were dealt with since it was told last, for progress. */
  advance(bytes: number): void;
  /** Of a unit that is planned by other bytes than those that are dealt with, because it is compressed: so many of them were read. */
  reached?(planned: number): void;
  /** True once the run was cancelled: a handler of a long unit returns what it has. */
  cancelled(): boolean;
}

export const crashMessage = "ended the worker that scanned it";
