import { CleanListBuilder } from "../model/clean-list.ts";
import type { ContentHit, Detection, FileDigests, SuppressionReason } from "../model/detection.ts";
import { PublicKeys } from "../model/public-keys.ts";
import type { PlacedContent } from "../model/placed-content.ts";
import { ToldRules } from "../model/told-rules.ts";
import { addCounts } from "../model/ledger.ts";
import type { Problem, ProblemCode } from "../model/problem.ts";
import { textEntry, type GraphReading, type LayerReading, type LfsPointer, type UnitResult } from "../model/unit.ts";
import type { ScanResult } from "../detect/index.ts";
import type { InsideFault, WholeResult } from "./inside.ts";
import type { Recognised } from "./recogniser.ts";

/** Keys of a content that were made of its own bytes here, in hex; absent where none was made. */
export interface Proofs {
  /** The id of a blob with these bytes (SHA-1). */
  readonly id?: string | undefined;
  /** The key of its entry in a pack. */
  readonly entry?: string | undefined;
  /** Where the texts of its detections stand. */
  readonly placed?: PlacedContent | undefined;
}

/** Smaller contents are scanned in less time than it takes to know them; those of packs come with what is built on them. */
const leastById = 256;

/** Gathers what a worker has to say about one unit. */
export class ResultBuilder {
  readonly target: string;
  readonly #hits: ContentHit[] = [];
  readonly #problems: Problem[] = [];
  #scanned = 0;
  #bytes = 0;
  #skipped: Partial<Record<ProblemCode, number>> = {};
  #suppressed: Partial<Record<SuppressionReason, number>> = {};
  readonly #pointers: LfsPointer[] = [];
  /** Of layers: the number of the file that is being scanned. */
  entry: number | undefined;
  /** Of layers: gives the digests of the file that was scanned last, while its bytes are there. */
  digests: (() => FileDigests | undefined) | undefined;
  /** Of layers: looks at all hits once it was read. */
  settle: ((hits: readonly ContentHit[]) => readonly ContentHit[]) | undefined;
  layer: LayerReading | undefined;
  graph: GraphReading | undefined;

  readonly #clean: CleanListBuilder | undefined;
  readonly #ids = new CleanListBuilder();
  readonly #entries = new CleanListBuilder();
  readonly #listsProved: boolean;
  readonly #publicKeys = new PublicKeys();
  readonly #told = new ToldRules();
  readonly #placed = new Map<string, PlacedContent>();
  #recognised = 0;

  /** `lists`: whether it also lists the clean contents, by the ids that the target gives them and by keys made here. */
  constructor(target: string, lists: { readonly clean?: boolean; readonly proved?: boolean } = {}) {
    this.target = target;
    this.#clean = lists.clean === true ? new CleanListBuilder() : undefined;
    this.#listsProved = lists.proved === true;
  }

  /** A content was scanned to its end, with what lies inside of it. */
  scanned(content: string, place: string, size: number, { result, inside }: WholeResult, proofs: Proofs = {}): void {
    const bytes = size + (inside?.bytes ?? 0);
    this.#scanned++;
    this.#bytes += bytes;
    for (const fault of inside?.faults ?? []) this.#inside(place || content, fault);
    this.#addSuppressed(result);
    if (result.limited) this.problem("rules-limit", "note", place || content, "has more detections than are listed");
    if (result.isCut)
      this.problem(
        "rules-limit",
        "incomplete",
        place || content,
        "has keywords everywhere, or packed text that grows too much: not all of it was looked at",
      );
    this.#publicKeys.add(result.publicKeys ?? []);
    if (result.detections.length > 0) this.#hits.push(this.#hit(content, place, result, proofs.placed));
    // Each scan has to meet a public key, for each may find the private one.
    else if (result.publicKeys !== undefined) return;
    // A pointer has to be met in each scan: what it points at may be gone. What lies inside and cannot be read is told by each scan. The store
    // knows contents by 20 bytes.
    else if (!result.limited && !result.isCut && !inside?.faults.length && this.#pointers.at(-1)?.content !== content) {
      if (content.length === 40) this.#clean?.add(content, bytes, result.judged);
      if (proofs.id !== undefined && bytes >= leastById) this.#ids.add(proofs.id, bytes, result.judged);
      if (proofs.entry !== undefined) this.#entries.add(proofs.entry, bytes, result.judged);
    }
  }

  #hit(content: string, place: string, result: ScanResult, placed: PlacedContent | undefined): ContentHit {
    const { detections } = result;
    if (placed === undefined) this.#tell(result);
    else this.#placed.set(content, placed);
    if (this.entry === undefined) return { content, place, detections };
    const digests = this.digests?.();
    return { content, place, entry: this.entry, ...(digests === undefined ? {} : { digests }), detections };
  }

  /** Rules on paths have no keywords, so they are told by what they found. What was not looked at for all that stands before it needs the same again. */
  #tell({ detections, told, limited, isCut }: ScanResult): void {
    this.#told.addAll(limited || isCut === true ? "all" : told);
    for (const { ruleId } of detections) this.#told.add(ruleId);
  }

  /** A content whose key is that of one which an earlier scan found clean. */
  recognised(content: string, place: string, { size, result }: Recognised): void {
    this.#recognised++;
    this.scanned(content, place, size, { result });
  }

  #inside(outer: string, { code, effect, name, message, count }: InsideFault): void {
    const subject = name === "" ? outer : `${outer}!${name}`;
    this.problem(code, effect, subject, count > 1 ? `${message} (and ${count - 1} more like it)` : message);
    if (effect === "incomplete") this.skip(code, count);
  }

  /** A part of a content (the name of a file) that has detections or judged candidates; the content itself is counted elsewhere. */
  part(content: string, result: ScanResult, place = ""): void {
    this.#addSuppressed(result);
    if (result.detections.length === 0) return;
    this.#tell(result);
    this.#hits.push({ content, place, detections: result.detections });
  }

  /** What reading a layer told, as if it were a text beside the file at `place`. */
  told(content: string, place: string, detections: readonly Detection[]): void {
    if (detections.length === 0) return;
    for (const { ruleId } of detections) this.#told.add(ruleId);
    this.#hits.push({ content, place, entry: textEntry, detections });
  }

  /** A content with detections that are known. */
  again(content: string, bytes: number, detections: readonly Detection[]): void {
    this.#scanned++;
    this.#bytes += bytes;
    this.#hits.push({ content, place: "", detections });
  }

  /** Most contents have nothing to add. */
  #addSuppressed({ suppressed }: ScanResult): void {
    if (Object.keys(suppressed).length > 0) this.#suppressed = addCounts(this.#suppressed, suppressed);
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
    this.#problems.push({ code, effect, target: this.target, subject, message });
  }

  /** A content that cannot be scanned: named, and counted as skipped. */
  lost(code: ProblemCode, subject: string, message: string, count = 1): void {
    this.problem(code, "incomplete", subject, message);
    this.skip(code, count);
  }

  /** Adds what came of contents that another worker has scanned. */
  merge({
    scanned,
    bytes,
    skipped,
    suppressed,
    hits,
    problems,
    proved,
    publicKeys,
    told,
    recognised = 0,
  }: UnitResult): void {
    this.#scanned += scanned;
    this.#bytes += bytes;
    this.#skipped = addCounts(this.#skipped, skipped);
    this.#suppressed = addCounts(this.#suppressed, suppressed);
    // One by one: what is spread is put on the stack, where a hundred thousand have no room.
    for (const hit of hits) this.#hits.push(hit);
    for (const problem of problems) this.#problems.push(problem);
    this.#recognised += recognised;
    this.#publicKeys.add(publicKeys ?? []);
    this.#told.addAll(told);
    if (proved !== undefined) this.#ids.append(proved.ids);
  }

  result(): UnitResult {
    const publicKeys = this.#publicKeys.list();
    return {
      scanned: this.#scanned,
      bytes: this.#bytes,
      skipped: this.#skipped,
      suppressed: this.#suppressed,
      hits: this.settle?.(this.#hits) ?? this.#hits,
      problems: this.#problems,
      ...(publicKeys.length === 0 ? {} : { publicKeys }),
      ...(this.#hits.length === 0 ? {} : { told: this.#told.list() }),
      ...(this.#placed.size === 0 ? {} : { placed: this.#placed }),
      ...(this.#clean === undefined ? {} : { clean: this.#clean.list() }),
      ...(this.#listsProved ? { proved: { ids: this.#ids.list(), entries: this.#entries.list() } } : {}),
      ...(this.#recognised === 0 ? {} : { recognised: this.#recognised }),
      ...(this.#pointers.length === 0 ? {} : { pointers: this.#pointers }),
      ...(this.layer === undefined ? {} : { layer: this.layer }),
      ...(this.graph === undefined ? {} : { graph: this.graph }),
    };
  }
}
