import type { ProvedContents } from "../model/clean-index.ts";
import { judgedWidth, type CleanList } from "../model/clean-list.ts";
import { suppressionReasons, type SuppressionReason } from "../model/detection.ts";
import type { Ruleset } from "../model/rule.ts";
import { keyOf } from "./seal.ts";
import { positionsIn, ruleMarks, subsetOf, toAskAgain } from "./rule-marks.ts";
import { Segment } from "./segment.ts";
import { freshName, type Store } from "./store.ts";

/** What a lookup says: scanned under all rules, under all but some, or not at all. */
export type Knowledge = "clean" | "partly" | "unknown";

/** A segment with how the rules under which it was scanned are numbered now; -1: not among the rules any more, or to be asked again. */
interface Numbered {
  readonly segment: Segment;
  readonly positions: Int32Array;
}

/** So many contents are written once they were learnt, 3.7 MB, and not held until the scan is over: a history can have ten million. */
const fullContents = 1 << 17;
/** Smaller segments of one folder and one set of rules are put together when they are more. */
const maxSegments = 8;
/** Sets of rules kept for one folder: whoever changes between two does not start anew each time. */
const maxRulesets = 3;
/** Where more rules have changed than this share, asking them alone saves nothing. */
const mostChanged = 0.25;
const digestBytes = 32;
const idBytes = 20;

/**
 * The clean contents of one folder of objects, as earlier scans left them.
 *
 * A content is known by the id that its folder gives it, and is not read to see whether the id is right: git's own ids are the trust, within one
 * folder. Nothing is taken over from one folder to another, since an index can be written that names any bytes by any id: such a folder can hide
 * something from its own next scan alone, where git itself would show the wrong bytes under that id as well. Two contents with one SHA-1 id are one
 * content for git, and are one here.
 */
export class Known {
  /** The rules that contents known in part have still to be asked about. */
  readonly partRules: Ruleset | undefined;
  /** Contents that were not read again, and those read for some rules only. */
  readonly taken = { clean: 0, partly: 0, bytes: 0, suppressed: {} as Partial<Record<SuppressionReason, number>> };
  readonly #store: Store;
  readonly #scope: Uint8Array;
  readonly #marks: Uint8Array;
  readonly #partPositions: readonly number[];
  readonly #clean: Numbered[] = [];
  readonly #partly: Numbered[] = [];
  readonly #own: OwnSegment[] = [];
  readonly #outdated: Uint8Array[] = [];
  readonly #fresh: CleanList[] = [];
  #freshContents = 0;

  readonly #mostContents: number;

  /** `scope`: the folder and everything beside the rules that decides what is found. `mostContents`: of more the ones learnt last are kept. */
  constructor(store: Store, scope: Uint8Array, ruleset: Ruleset, mostContents = Infinity) {
    this.#mostContents = mostContents;
    this.#store = store;
    this.#scope = scope;
    this.#marks = ruleMarks(ruleset);
    const own = digestOf(this.#marks);
    const groups = readGroups(store, scope);
    const marksOf = new Map(store.read("ruleMarks", marksScope).map(({ name, value }) => [hex(name), value]));
    let partRules: readonly number[] | undefined;
    let partly: { group: Group; positions: Int32Array } | undefined;
    for (const group of groups) {
      const marks = marksOf.get(group.digest);
      if (marks === undefined) continue;
      const positions = positionsIn(marks, this.#marks);
      const again = toAskAgain(ruleset, new Set(positions));
      if (again.length === 0) this.#clean.push(...group.segments.map(({ segment }) => ({ segment, positions })));
      else if (again.length <= ruleset.rules.length * mostChanged && again.length < (partRules?.length ?? Infinity)) {
        partRules = again;
        partly = { group, positions };
      }
      if (group.digest !== hex(own)) continue;
      this.#own.push(...group.segments.map(({ name, segment }) => ({ name, contents: segment.list.sizes.length })));
    }
    for (const { segments } of groups.filter(({ digest }) => digest !== hex(own)).slice(0, 1 - maxRulesets))
      this.#outdated.push(...segments.map(({ name }) => name));
    this.#partPositions = partRules ?? [];
    if (partly === undefined) return;
    const again = new Set(this.#partPositions);
    const positions = partly.positions.map((position) => (again.has(position) ? -1 : position));
    this.#partly.push(...partly.group.segments.map(({ segment }) => ({ segment, positions })));
    this.partRules = subsetOf(ruleset, this.#partPositions);
  }

  /** What is known of the id at `ids[at … at+19]`. */
  look(ids: Uint8Array, at: number): Knowledge {
    if (this.#clean.some(({ segment }) => segment.find(ids, at) >= 0)) return "clean";
    return this.#partly.some(({ segment }) => segment.find(ids, at) >= 0) ? "partly" : "unknown";
  }

  /** Counts a content that is known: what its scan would have told. Gives what is known of it. */
  take(ids: Uint8Array, at: number): Knowledge {
    for (const [knowledge, list] of [
      ["clean", this.#clean],
      ["partly", this.#partly],
    ] as const) {
      for (const { segment, positions } of list) {
        const position = segment.find(ids, at);
        if (position < 0) continue;
        this.taken[knowledge]++;
        // One that is read again counts its bytes then.
        if (knowledge === "clean") this.taken.bytes += segment.list.sizes[position]!;
        const { judged } = segment.list;
        for (let j = segment.judgedFrom(position); judged[j] === position; j += judgedWidth) {
          if (positions[judged[j + 1]!]! < 0) continue;
          const reason = suppressionReasons[judged[j + 2]!]!;
          this.taken.suppressed[reason] = (this.taken.suppressed[reason] ?? 0) + judged[j + 3]!;
        }
        return knowledge;
      }
    }
    return "unknown";
  }

  /** What was scanned under all rules, for threads that look for themselves. */
  get clean(): readonly ProvedContents[] {
    return this.#clean.map(({ segment, positions }) => ({ index: segment.list, positions }));
  }

  /** Contents that were now scanned under all rules. */
  learn(list: CleanList): void {
    if (list.sizes.length === 0) return;
    this.#fresh.push(list);
    this.#freshContents += list.sizes.length;
    if (this.#freshContents >= fullContents) this.#write(this.#fresh.splice(0), []);
  }

  /** Contents known in part that were now asked about `partRules`. */
  learnPart(list: CleanList): void {
    const judged: number[] = [];
    let j = 0;
    for (let at = 0; at < list.sizes.length; at++) {
      for (; list.judged[j] === at; j += judgedWidth)
        judged.push(at, this.#partPositions[list.judged[j + 1]!]!, list.judged[j + 2]!, list.judged[j + 3]!);
      for (const { segment, positions } of this.#partly) {
        const position = segment.find(list.ids, idBytes * at);
        if (position < 0) continue;
        const before = segment.list.judged;
        for (let k = segment.judgedFrom(position); before[k] === position; k += judgedWidth) {
          const rule = positions[before[k + 1]!]!;
          if (rule >= 0) judged.push(at, rule, before[k + 2]!, before[k + 3]!);
        }
        break;
      }
    }
    this.learn({ ...list, judged: Uint32Array.from(judged) });
  }

  /** Writes what was learnt since; together with small segments where these are many, and with all where they are too many contents. */
  keep(): void {
    if (this.#fresh.length === 0) return;
    const contents = this.#own.reduce((sum, own) => sum + own.contents, this.#freshContents);
    const small = this.#own.filter((own) => own.contents < fullContents);
    const merged = contents > this.#mostContents ? this.#own : small.length >= maxSegments ? small : [];
    const before = merged.toReversed().flatMap(({ name }) => this.#readOwn(name)?.list ?? []);
    this.#write([...this.#fresh.splice(0), ...before], [...this.#outdated, ...merged.map(({ name }) => name)]);
  }

  #write(lists: readonly CleanList[], forget: readonly Uint8Array[]): void {
    const marks = digestOf(this.#marks);
    const segment = Segment.of(lists, this.#mostContents);
    const name = freshName();
    this.#store.write(
      [
        { kind: "segment", scope: this.#scope, name, value: segment.bytes(marks) },
        { kind: "ruleMarks", scope: marksScope, name: marks, value: this.#marks },
      ],
      forget.map((gone) => ({ kind: "segment", scope: this.#scope, name: gone })),
    );
    this.#own.push({ name, contents: segment.list.sizes.length });
    this.#freshContents = 0;
  }

  #readOwn(name: Uint8Array): Segment | undefined {
    const value = this.#store.readOne("segment", this.#scope, name);
    return value === undefined ? undefined : Segment.read(value.subarray(digestBytes));
  }
}

/** A segment under the rules of now, in the store. */
interface OwnSegment {
  readonly name: Uint8Array;
  readonly contents: number;
}

/** Rules are the same wherever they were used. */
const marksScope = keyOf("rule marks");

interface Group {
  /** Of the rules' marks, in hex. */
  readonly digest: string;
  readonly segments: { readonly name: Uint8Array; readonly segment: Segment }[];
}

/** Segments by the rules under which their contents were scanned; those used last come last. */
function readGroups(store: Store, scope: Uint8Array): Group[] {
  const groups = new Map<string, Group>();
  for (const { name, value } of store.read("segment", scope)) {
    const segment = Segment.read(value.subarray(digestBytes));
    if (segment === undefined) continue;
    const digest = hex(value.subarray(0, digestBytes));
    const group = groups.get(digest) ?? { digest, segments: [] };
    groups.delete(digest);
    groups.set(digest, group);
    group.segments.push({ name, segment });
  }
  return [...groups.values()];
}

function digestOf(marks: Uint8Array): Buffer {
  return keyOf("marks", marks);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
