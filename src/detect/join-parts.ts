import { append } from "../model/multimap.ts";
import type { Detection } from "../model/detection.ts";
import type { RequiredPart, Rule } from "../model/rule.ts";

/**
 * Composite rules: which detections are the parts of which. A part belongs to what stands in the smallest block that holds both; of one block the groups count in which names repeat
 * (`id=… secret=… id=… secret=…`); only then the distance. What belongs to another one is nobody else's: two accounts beside each other are never crossed.
 */

/** A detection, with the rule that it is of. */
export interface Joinable extends Detection {
  readonly ready: { readonly rule: Rule };
}

/** What a detection of a composite rule has found of its parts. */
export interface Joined {
  /** Whether each part that the rule requires is near enough. */
  readonly isComplete: boolean;
  /** Those that are its own. */
  readonly parts: readonly Joinable[];
}

/** How near two detections belong together: the higher the first numbers the better, the last one is a distance. */
type Nearness = readonly [block: number, words: number, group: number, distance: number];

/** Joins the detections of one content. `isKnown`: whether a rule is there at all. Gives an answer for each detection of a composite rule. */
export function joinParts(
  detections: readonly Joinable[],
  isKnown: (id: string) => boolean,
): ReadonlyMap<Joinable, Joined> {
  const byRule = new Map<string, Joinable[]>();
  for (const detection of detections) append(byRule, detection.ruleId, detection);
  const joined = new Map<Joinable, Joined>();
  for (const wholes of byRule.values()) {
    const { required } = wholes[0]!.ready.rule;
    if (required.length === 0) continue;
    const family = [wholes, ...required.map(({ id }) => byRule.get(id) ?? [])].flat();
    const nearness = nearnessIn(new Set(family));
    const choices = required.map((part) => chooseParts(wholes, byRule.get(part.id) ?? [], part, nearness));
    for (const whole of wholes)
      joined.set(whole, {
        isComplete: required.every(({ id }, i) => isKnown(id) && choices[i]!.some.has(whole)),
        parts: choices.flatMap(({ own }) => own.get(whole) ?? []),
      });
  }
  return joined;
}

interface Choice {
  /** Wholes that have such a part near enough, whosever it is. */
  readonly some: ReadonlySet<Joinable>;
  readonly own: ReadonlyMap<Joinable, Joinable>;
}

/** More pairs than this are those of a data set: each takes what is nearest. */
const mostPairs = 250_000;

function chooseParts(
  wholes: readonly Joinable[],
  parts: readonly Joinable[],
  required: RequiredPart,
  nearness: (a: Joinable, b: Joinable) => Nearness,
): Choice {
  const some = new Set<Joinable>();
  const bestOf = new Map<Joinable, { readonly part: Joinable; readonly near: Nearness }>();
  const wholeOf = new Map<Joinable, { readonly whole: Joinable; readonly near: Nearness }>();
  let left = mostPairs;
  for (const whole of wholes) {
    for (const part of parts) {
      if (part === whole || !isWithin(whole, part, required)) continue;
      some.add(whole);
      if (--left < 0) break;
      const near = nearness(whole, part);
      if (isNearer(near, bestOf.get(whole)?.near)) bestOf.set(whole, { part, near });
      if (isNearer(near, wholeOf.get(part)?.near)) wholeOf.set(part, { whole, near });
    }
  }
  const own = [...bestOf].flatMap(([whole, { part, near }]) => {
    const other = wholeOf.get(part);
    // One id may have two secrets, if both are as near.
    const isOwn = other?.whole === whole || (other !== undefined && isSameBlock(near, other.near));
    return isOwn ? [[whole, part] as const] : [];
  });
  return { some, own: new Map(own) };
}

function isWithin(whole: Joinable, part: Joinable, { withinLines, withinColumns }: RequiredPart): boolean {
  return (
    Math.abs(part.startLine - whole.startLine) <= (withinLines ?? Infinity) &&
    Math.abs(part.startColumn - whole.startColumn) <= (withinColumns ?? Infinity)
  );
}

function isNearer(a: Nearness, b: Nearness | undefined): boolean {
  if (b === undefined) return true;
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (at === 3 ? a[at]! < b[at]! : a[at]! > b[at]!);
}

function isSameBlock(a: Nearness, b: Nearness): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[2] > 0;
}

function nearnessIn(family: ReadonlySet<Joinable>): (a: Joinable, b: Joinable) => Nearness {
  const places = new Map([...family].map((detection) => [detection, placeOf(detection.key)]));
  const groups = groupsOf(family, (detection) => places.get(detection)!.block.join("\0"));
  return (a, b) => {
    const [one, other] = [places.get(a)!, places.get(b)!];
    const isKnown = one.isWhole && other.isWhole;
    // `{"key": id, "value": secret}`: the one is the name of the other.
    const isNamed = a.key?.includes(b.secret) === true || b.key?.includes(a.secret) === true;
    return [
      isNamed ? Infinity : isKnown ? common(one.block, other.block) : 0,
      isKnown ? common(one.words, other.words) : 0,
      groups.get(a) === groups.get(b) ? 1 : 0,
      Math.abs(a.start - b.start),
    ];
  };
}

/** In the order of their places, a new group of a block begins where a rule repeats. */
function groupsOf(family: ReadonlySet<Joinable>, blockOf: (one: Joinable) => string): ReadonlyMap<Joinable, number> {
  const groups = new Map<Joinable, number>();
  const open = new Map<string, { number: number; rules: Set<string> }>();
  let count = 0;
  for (const detection of [...family].sort((a, b) => a.start - b.start)) {
    const block = blockOf(detection);
    let group = open.get(block);
    if (group === undefined || group.rules.has(detection.ruleId))
      open.set(block, (group = { number: count++, rules: new Set() }));
    group.rules.add(detection.ruleId);
    groups.set(detection, group.number);
  }
  return groups;
}

interface KeyPlace {
  /** False where the path begins further up than it was read, or is not known. */
  readonly isWhole: boolean;
  /** The path of the block. */
  readonly block: readonly string[];
  /** The words of the name in it. */
  readonly words: readonly string[];
}

/** The parts of a key path (structure/index.ts): `accounts[1].aws["secret key"]`. */
const steps = /\["(?:[^"\\]|\\.)*"\]|\[[^\]]*\]|[^.[\]]+/g;
/** `dbUser`, `DB_USER`, `db-user`. */
const words = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;

function placeOf(key = ""): KeyPlace {
  const path = key.match(steps) ?? [];
  const name = path.at(-1) ?? "";
  return {
    isWhole: !key.startsWith("…"),
    block: path.slice(0, -1),
    words: (name.match(words) ?? []).map((word) => word.toLowerCase()),
  };
}

function common(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
