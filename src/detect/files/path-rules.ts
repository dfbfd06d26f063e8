import { createHash } from "node:crypto";
import type { Detection } from "../../model/detection.ts";
import type { Rule, Ruleset } from "../../model/rule.ts";
import type { CompiledRegex, RegexEngine } from "../engine.ts";
import { outlineOf } from "../outline.ts";
import { shannonEntropy } from "../entropy.ts";
import { isPublished } from "../judge/published.ts";
import { veto } from "../../model/score.ts";
import { KnownHeads } from "./known-heads.ts";
import { recognisers } from "./recognisers.ts";

/** What is looked at of a file; its kind shows in less. */
export const headBytes = 256 << 10;

/** Asks the rules on paths alone: files that are secrets as a whole, by where they lie and what they begin with. */
export interface PathRules {
  /** Whether some rule may ask for a file of this path. */
  asks(path: string): boolean;
  /** The same for the name alone, where the folders are not known yet: by rules that say something of names. */
  asksName(name: string): boolean;
  /** What the rules say of a file. `head`: its first bytes, `headBytes` of them or all; `size`: of the whole file. */
  look(path: string, head: Buffer, size: number): Detection[];
  /** Whether a content may be a file that its bytes alone tell: `bytes[from …]` are its first ones, `length` of them. */
  mayKnow(bytes: Uint8Array, from: number, length: number): boolean;
  /** What the rules say of a content under any name: those on files that their bytes alone tell. */
  know(head: Buffer, size: number): Detection[];
}

/** The rules on paths of a ruleset. Throws Error where a pattern does not compile. */
export function pathRulesOf({ rules }: Ruleset, engine: RegexEngine): PathRules {
  const own = rules.filter(({ regex, path, skipReport }) => regex === undefined && path !== undefined && !skipReport);
  if (own.length === 0)
    return { asks: () => false, asksName: () => false, look: () => [], mayKnow: () => false, know: () => [] };
  const any = anyOf(
    own.map(({ path = "" }) => path),
    engine,
  );
  const names = own.flatMap(({ name }) => name ?? []);
  const anyName = anyOf(names, engine);
  const ready = own.map((rule) => ({
    rule,
    heads: (rule.file?.heads ?? []).map((hex) => Buffer.from(hex, "hex")),
    path: lazy(() => engine.compile(rule.path ?? "")),
    text: textOf(rule, engine),
  }));
  const known = new KnownHeads(own);
  const anywhere = ready.filter(({ rule }) => rule.file?.anywhere === true);
  return {
    mayKnow: (bytes, from, length) => known.has(bytes, from, length),
    know: (head, size) => anywhere.flatMap((asked) => lookAt(asked, head.subarray(0, headBytes), size, false) ?? []),
    asks: (path) => any().test(path),
    asksName: (name) => names.length > 0 && anyName().test(name),
    look(path, head, size) {
      if (size === 0) return [];
      const found: Detection[] = [];
      for (const asked of ready) {
        const detection = asked.path().test(path) ? lookAt(asked, head.subarray(0, headBytes), size, true) : undefined;
        if (detection !== undefined) found.push(detection);
      }
      return found;
    },
  };
}

/** A rule with what is asked of a file at hand. */
interface Asked {
  readonly rule: Rule;
  readonly heads: readonly Buffer[];
  readonly text: (() => CompiledRegex) | undefined;
}

function lookAt({ rule, heads, text }: Asked, head: Buffer, size: number, isNamed: boolean): Detection | undefined {
  const { file } = rule;
  if (file === undefined) return detectionOf(rule, head, size, []);
  if (file.most > 0 && size > file.most) return undefined;
  if (heads.length > 0 && !heads.some((first) => startsWith(head, first, file.at))) return undefined;
  const match = text?.().exec(head, 0);
  if (text !== undefined && match === undefined) return undefined;
  const check = file.check === undefined ? undefined : recognisers[file.check];
  const facts = check === undefined ? [] : check(head, size, isNamed);
  if (facts === undefined) return undefined;
  const [from = -1, to = -1] = firstGroup(match?.groups ?? []);
  if (from < 0) return detectionOf(rule, head, size, facts);
  const secret = head.toString("utf8", from, to);
  const entropy = shannonEntropy(secret);
  if (entropy <= rule.entropy) return undefined;
  const line = head.subarray(0, from).reduce((lines, byte) => (byte === 10 ? lines + 1 : lines), 1);
  const column = from - head.lastIndexOf(10, from - 1);
  const span = { startLine: line, endLine: line, startColumn: column, endColumn: column + to - from - 1 };
  const places = { start: from, end: to, ...span };
  return { ...detectionOf(rule, head, size, facts), ...places, secret, match: secret, line: secret, entropy };
}

/** The first group of a pattern that matched something. */
function firstGroup(groups: readonly number[]): readonly number[] {
  const at = groups.findIndex((place, i) => i % 2 === 0 && place >= 0);
  return at < 0 ? [] : groups.slice(at, at + 2);
}

/** gitleaks reports a file at line 0. What it is known by does not depend on where it lies. A file of released software is nobody's secret. */
function detectionOf({ id, confidence, tags }: Rule, head: Buffer, size: number, facts: readonly string[]): Detection {
  const digest = createHash("sha256").update(head).digest("hex");
  const identity = `${id} ${size} ${digest}`;
  return {
    ...{ ruleId: id, start: 0, end: 0, secret: "", match: "", line: "" },
    ...{ startLine: 0, endLine: 0, startColumn: 0, endColumn: 0 },
    ...{ entropy: 0, bits: isPublished(identity) ? veto : 0, confidence, facts, tags, identity },
  };
}

function startsWith(head: Buffer, first: Buffer, at: number): boolean {
  const end = at + first.length;
  return head[at] === first[0] && end <= head.length && head.compare(first, 0, first.length, at, end) === 0;
}

function textOf({ file }: Rule, engine: RegexEngine): (() => CompiledRegex) | undefined {
  const text = file?.text;
  return text === undefined ? undefined : lazy(() => engine.compile(text));
}

/** Whether one of the patterns may match. Asked of every name there is, so by outlines: counted gaps of many patterns make states without end. Patterns stand alone: the flags of one do not reach into the next. */
function anyOf(exact: readonly string[], engine: RegexEngine): () => Pick<CompiledRegex, "test"> {
  return lazy(() => {
    const patterns = exact.map((pattern) => outlineOf(pattern) ?? pattern);
    try {
      return engine.compile(patterns.map((pattern) => `(?:${pattern})`).join("|"));
    } catch {
      // Too many for one automaton.
      const each = patterns.map((pattern) => engine.compile(pattern));
      return { test: (text: string) => each.some((regex) => regex.test(text)) };
    }
  });
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
