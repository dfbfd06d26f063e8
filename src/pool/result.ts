import { CleanListBuilder } from "../model/clean-list.ts";
import type { ContentHit, SuppressionReason } from "../model/detection.ts";
import { addCounts } from "../model/ledger.ts";
import type { Problem, ProblemCode } from "../model/problem.ts";
import type { GraphReading, LayerReading, LfsPointer, UnitResult } from "../model/unit.ts";
import type { ScanResult } from "../detect/index.ts";

/** Gathers what a worker has to say about one unit. */
export class ResultBuilder {
  readonly #target: string;
  readonly #hits: ContentHit[] = [];
  readonly #problems: Problem[] = [];
  #scanned = 0;
  #bytes = 0;
  #skipped: Partial<Record<ProblemCode, number>> = {};
  #suppressed: Partial<Record<SuppressionReason, number>> = {};
  readonly #pointers: LfsPointer[] = [];
  layer: LayerReading | undefined;
  graph: GraphReading | undefined;

  readonly #clean: CleanListBuilder | undefined;

  /** `listsClean`: also lists the contents without detections. */
  constructor(target: string, listsClean = false) {
    this.#target = target;
    this.#clean = listsClean ? new CleanListBuilder() : undefined;
  }

  /** A content was scanned to its end. */
  scanned(content: string, place: string, bytes: number, result: ScanResult): void {
    this.#scanned++;
    this.#bytes += bytes;
    this.#suppressed = addCounts(this.#suppressed, result.suppressed);
    if (result.limited) this.problem("rules-limit", "note", place || content, "has more detections than are listed");
    if (result.detections.length > 0) this.#hits.push({ content, place, detections: result.detections });
    // A pointer has to be met in each scan: what it points at may be gone. The store knows contents by SHA-1 ids.
    else if (!result.limited && content.length === 40 && this.#pointers.at(-1)?.content !== content)
      this.#clean?.add(content, bytes, result.judged);
  }

  /** A part of a content (the name of a file) that has detections or judged candidates; the content itself is counted elsewhere. */
  part(content: string, result: ScanResult): void {
    this.#suppressed = addCounts(this.#suppressed, result.suppressed);
    if (result.detections.length > 0) this.#hits.push({ content, place: "", detections: result.detections });
  }

  /** A content that was gone through without a detection of its own. */
  read(bytes: number): void {
    this.#scanned++;
    this.#bytes += bytes;
  }

  pointer(pointer: LfsPointer): void {
    this.#pointers.push(pointer);
  }

  skip(code: ProblemCode, count = 1): void {
    this.#skipped[code] = (this.#skipped[code] ?? 0) + count;
  }

  problem(code: ProblemCode, effect: Problem["effect"], subject: string, message: string): void {
    this.#problems.push({ code, effect, target: this.#target, subject, message });
  }

  /** A content that cannot be scanned: named, and counted as skipped. */
  lost(code: ProblemCode, subject: string, message: string, count = 1): void {
    this.problem(code, "incomplete", subject, message);
    this.skip(code, count);
  }

  result(): UnitResult {
    return {
      scanned: this.#scanned,
      bytes: this.#bytes,
      skipped: this.#skipped,
      suppressed: this.#suppressed,
      hits: this.#hits,
      problems: this.#problems,
      ...(this.#clean === undefined ? {} : { clean: this.#clean.list() }),
      ...(this.#pointers.length === 0 ? {} : { pointers: this.#pointers }),
      ...(this.layer === undefined ? {} : { layer: this.layer }),
      ...(this.graph === undefined ? {} : { graph: this.graph }),
    };
  }
}
