import { createHash } from "node:crypto";
import type { FollowProgram, Mirror, Rule, Ruleset } from "../model/rule.ts";
import { append } from "../model/multimap.ts";
import { buildAutomaton, type Automaton } from "./kernel/automaton.ts";
import { buildSieve, ProgramHeap, type Sieve, type SieveAction } from "./kernel/sieve.ts";

/** What the kernel needs of a ruleset. Threads can share it. */
export interface Prebuilt {
  readonly automaton: Automaton;
  /** `rule` of its actions is an index in the searches of the ruleset. */
  readonly sieve: Sieve;
}

/** What must stand behind each keyword of a rule; undefined where nothing can be told. */
export type FollowOf = (rule: Rule) => readonly (FollowProgram | undefined)[];

/** What is searched for, in the order in which actions number it: the rules, then the mirrors of those that have one. */
export function searchesOf({ rules }: Pick<Ruleset, "rules">): readonly Rule[] {
  return [...rules, ...rules.flatMap((rule) => (rule.mirror === undefined ? [] : mirrorRule(rule, rule.mirror)))];
}

/** A rule that finds what another one finds, written backwards. */
function mirrorRule({ run: _, ...rule }: Rule, mirror: Mirror): Rule {
  return { ...rule, ...mirror, mirror };
}

/** Keywords of searches, each once, in the order in which the automaton numbers them. */
function keywordsOf(searches: readonly Rule[]): string[] {
  return [...new Set(searches.flatMap((rule) => (rule.regex === undefined ? [] : rule.keywords)))];
}

/** The automaton over the keywords of a ruleset, and the sieve behind it. */
export function prebuild(ruleset: Ruleset, followOf: FollowOf, heap = new ProgramHeap()): Prebuilt {
  const searches = searchesOf(ruleset);
  const names = keywordsOf(searches).map((keyword) => Buffer.from(keyword));
  const automaton = buildAutomaton(names);
  const actionsOf = new Map<string, SieveAction[]>();
  searches.forEach((rule, index) => {
    if (rule.regex === undefined) return;
    const follow = followOf(rule);
    rule.keywords.forEach((keyword, i) => {
      append(actionsOf, keyword, { rule: index, beyond: 0, follow: follow[i] });
    });
  });
  const byState = automaton.outputs.map((numbers) =>
    [...numbers]
      .flatMap((number) => {
        const beyond = names[number]!.length - automaton.anchors[number]!;
        return (actionsOf.get(names[number]!.toString()) ?? []).map((action) => ({ ...action, beyond }));
      })
      .filter(({ follow }) => !isNever(follow))
      .sort((a, b) => a.rule - b.rule),
  );
  return { automaton, sieve: buildSieve(byState, heap) };
}

/** Keywords that stand only inside of matches that another keyword tells. */
function isNever(follow: FollowProgram | undefined): boolean {
  return follow?.table.subarray(2 * follow.width, 3 * follow.width).every((to) => to === 0) ?? false;
}

/** Parts of the packed form, in this order: each begins at a multiple of four bytes. */
const partNames = ["table", "starts", "actions", "programs", "follow"] as const;
type Part = (typeof partNames)[number];

/** Written by our own build, in the same package as this file. */
interface Header extends Omit<Automaton, "classes" | "table" | "outputs"> {
  readonly digest: string;
  readonly classes: readonly number[];
  readonly outputs: readonly (readonly number[])[];
  readonly lengths: Readonly<Record<Part, number>>;
}

/** By key of a rule, its programs: place of the classes, place of the table, width, length of the table. Empty: nothing is asked; -1: nothing passes. */
type PackedFollow = Readonly<Record<string, readonly (readonly number[])[]>>;

/** The automaton and the sieve of a ruleset as bytes, so that a program that starts need not build them. */
export function packPrebuilt(ruleset: Ruleset, followOf: FollowOf): Uint8Array {
  const follow = new Map(searchesOf(ruleset).map((rule) => [keyOf(rule), followOf(rule)]));
  const heap = new ProgramHeap();
  const { automaton, sieve } = prebuild(ruleset, (rule) => follow.get(keyOf(rule))!, heap);
  const { classes, table, outputs, ...rest } = automaton;
  const parts: Readonly<Record<Part, Uint8Array>> = {
    table: bytesOf(table),
    starts: bytesOf(sieve.starts),
    actions: bytesOf(sieve.actions),
    programs: sieve.programs,
    follow: Buffer.from(JSON.stringify(packFollow(follow, heap))),
  };
  const lengths = Object.fromEntries(partNames.map((name) => [name, parts[name].length])) as Record<Part, number>;
  const header: Header = {
    ...rest,
    digest: ruleset.digest,
    classes: [...classes],
    outputs: outputs.map((output) => [...output]),
    lengths,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const padded = [Buffer.concat([length, text]), ...partNames.map((name) => parts[name])].map((part) =>
    Buffer.concat([part, Buffer.alloc(-part.length & 3)]),
  );
  return Buffer.concat(padded);
}

function packFollow(follow: ReadonlyMap<string, ReturnType<FollowOf>>, heap: ProgramHeap): PackedFollow {
  const place = (program: FollowProgram | undefined): readonly number[] => {
    if (program === undefined) return [];
    if (isNever(program)) return [-1];
    const { classes, table } = heap.place(program);
    return [classes, table, program.width, program.table.length];
  };
  return Object.fromEntries([...follow].map(([key, list]) => [key, list.map(place)]));
}

function keyOf(rule: Rule): string {
  return createHash("sha256")
    .update(JSON.stringify([rule.regex, rule.keywords, rule.reach]))
    .digest("base64url")
    .slice(0, 22);
}

interface Packed {
  readonly header: Header;
  readonly part: (name: Part) => Uint8Array<SharedArrayBuffer>;
}

function open(bytes: Uint8Array): Packed {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + view.readUInt32LE(0);
  const header = JSON.parse(view.toString("utf8", 4, end)) as Header;
  const part: Packed["part"] = (name) => {
    let at = (end + 3) & ~3;
    for (const before of partNames.slice(0, partNames.indexOf(name))) at += (header.lengths[before] + 3) & ~3;
    const length = header.lengths[name];
    if (bytes.buffer instanceof SharedArrayBuffer) return new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
    const copy = new Uint8Array(new SharedArrayBuffer(length));
    copy.set(view.subarray(at, at + length));
    return copy;
  };
  return { header, part };
}

/**
 * Reads what `packPrebuilt` made; undefined when it was made for another ruleset. Where `bytes` lie in shared memory (from a multiple of four on), threads share them as
 * they are; elsewhere they are copied there.
 */
export function unpackPrebuilt(bytes: Uint8Array, ruleset: Ruleset): Prebuilt | undefined {
  const { header, part } = open(bytes);
  if (header.digest !== ruleset.digest) return undefined;
  const words = (name: Part): Uint32Array => {
    const { buffer, byteOffset, length } = part(name);
    return new Uint32Array(buffer, byteOffset, length / 4);
  };
  const table = part("table");
  return {
    automaton: {
      classes: Uint8Array.from(header.classes),
      table: new Uint16Array(table.buffer, table.byteOffset, table.length / 2),
      shift: header.shift,
      firstOutput: header.firstOutput,
      outputs: header.outputs.map((output) => Uint16Array.from(output)),
      anchors: header.anchors,
      longest: header.longest,
    },
    sieve: {
      starts: words("starts"),
      actions: words("actions"),
      programs: part("programs"),
    },
  };
}

/** What was packed of single rules: it holds for the same rules in another ruleset too. `otherwise` serves the rules that are not among them. */
export function packedFollow(bytes: Uint8Array, otherwise: FollowOf): FollowOf {
  const { part } = open(bytes);
  const known = JSON.parse(Buffer.from(part("follow")).toString()) as PackedFollow;
  const programs = part("programs");
  return (rule) =>
    known[keyOf(rule)]?.map(([classes, table, width, length]): FollowProgram | undefined => {
      if (classes === undefined) return undefined;
      if (classes < 0) return never;
      return {
        classes: programs.subarray(classes, classes + 256),
        width: width!,
        table: programs.subarray(table, table! + length!),
      };
    }) ?? otherwise(rule);
}

const never: FollowProgram = { classes: new Uint8Array(256), width: 1, table: Uint8Array.of(0, 1, 0) };

function bytesOf(words: Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
