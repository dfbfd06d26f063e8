import type { Rule } from "../model/rule.ts";
import { maxDefaultReach, maxProvedWindow, maxUnboundedBefore, maxWindow, windowMargin } from "./limits.ts";
import { regexAdvice } from "./regex-advice.ts";
import { checkLive } from "./live-check.ts";
import { mirrorOf } from "./mirror.ts";
import { nameRegex } from "./path-name.ts";
import { keywordReach } from "./regex-reach.ts";
import type { KeywordReach } from "./regex-reach.ts";
import { oversize } from "./regex-size.ts";
import { parseRegex, RegexSyntaxError } from "./regex-syntax.ts";
import { tellingRun } from "./regex-run.ts";
import type { Regex } from "./regex-syntax.ts";
import { textWithoutKeyword } from "./regex-witness.ts";
import { invalid } from "./invalid.ts";
import type { GlobalAllowlist, RuleEntry } from "./toml.ts";

/** Asks the regex engine: what is wrong with a pattern, or undefined when it compiles. Only `detect` knows an engine, so it is handed in. */
export type CompileCheck = (pattern: string) => string | undefined;

export interface CompileOptions {
  /** `built-in`: every regex must be provably reachable by window. `user`: what cannot be proved is tried on whole contents. */
  readonly policy: "built-in" | "user";
  readonly compile?: CompileCheck;
  /** For messages. */
  readonly file: string;
}

const specificities: Readonly<Record<Rule["kind"], number>> = { custom: 100, token: 100, context: 50, generic: 0 };

/**
 * Checks a rule and makes it ready: defaults filled in, windows computed.
 * @throws ToolError `rules-invalid` naming file, rule and key.
 */
export function compileRule(entry: RuleEntry, options: CompileOptions): Rule {
  const where = `${options.file}: rule ${entry.id}`;
  const { regex, path, toldBy } = entry;
  if (toldBy !== undefined && (regex !== undefined || path !== undefined))
    throw invalid(`${where}: told_by stands without regex and path`, "what tells it looks at no bytes of files");
  if (regex === undefined && path === undefined && toldBy === undefined)
    throw invalid(`${where}: neither regex nor path`, "a rule needs at least one of them");
  const parsed = regex === undefined ? undefined : checkRegex(regex, `${where}: regex`, options);
  const pathRegex = path === undefined ? undefined : checkRegex(path, `${where}: path`, options);
  if (entry.file?.text !== undefined) checkRegex(entry.file.text, `${where}: file text`, options);
  const name = pathRegex === undefined || regex !== undefined ? undefined : nameRegex(pathRegex.root);
  checkAllowlistPatterns(entry.allowlists, where, options);
  const secretGroup = entry.secretGroup ?? 0;
  if (parsed !== undefined && secretGroup > parsed.groups) {
    throw invalid(`${where}: secretGroup ${secretGroup}, but the regex has ${parsed.groups} groups`);
  }
  if (entry.live !== undefined && entry.liveNone !== undefined)
    throw invalid(`${where}: live and live_none cannot stand together`, "live_none says why there is no live");
  if (entry.live !== undefined)
    checkLive(entry.live, parsed?.groups ?? 0, where, (pattern, place) => {
      checkRegex(pattern, place, options);
    });
  const kind = entry.kind ?? (options.policy === "user" ? "custom" : "token");
  const rule: Rule = {
    id: entry.id,
    description: entry.description ?? "",
    ...(regex === undefined ? {} : { regex }),
    ...(path === undefined ? {} : { path }),
    ...(name === undefined ? {} : { name }),
    ...(entry.file === undefined ? {} : { file: entry.file }),
    ...(toldBy === undefined ? {} : { toldBy }),
    secretGroup,
    entropy: entry.entropy ?? 0,
    keywords: [...new Set(entry.keywords.filter((keyword) => keyword !== ""))],
    allowlists: entry.allowlists,
    required: entry.required,
    skipReport: entry.skipReport ?? false,
    tags: [...new Set(entry.tags)],
    severity: entry.severity ?? "high",
    confidence: entry.confidence ?? (kind === "token" || kind === "custom" ? "likely" : "possible"),
    kind,
    references: entry.references ?? [],
    revoke: entry.revoke ?? "",
    ...(entry.check === undefined ? {} : { check: entry.check }),
    ...(entry.live === undefined ? {} : { live: entry.live }),
    ...(entry.liveNone === undefined ? {} : { liveNone: entry.liveNone }),
    ...(entry.near === undefined ? {} : { near: entry.near }),
    specificity: entry.specificity ?? specificities[kind],
    ...(parsed === undefined
      ? { reach: "whole" as const, before: 0, after: 0 }
      : computeReach(entry, parsed, where, options)),
    ...(entry.inside === undefined ? runOf(parsed) : { inside: checkInside(entry, entry.inside, where) }),
  };
  const mirror = parsed === undefined || options.policy === "user" ? undefined : mirrorOf(rule, parsed);
  return mirror === undefined ? rule : { ...rule, mirror };
}

function checkInside({ window, regex }: RuleEntry, keys: readonly string[], where: string): readonly string[] {
  if (regex === undefined || window === undefined || keys.length === 0)
    throw invalid(`${where}: inside needs a regex, a window and at least one key`, "`inside = ['*']` takes any key");
  return keys;
}

/** Checks the patterns of allowlists; each must compile by itself (they are never joined). */
export function checkAllowlistPatterns(
  allowlists: readonly (Rule["allowlists"][number] | GlobalAllowlist)[],
  where: string,
  options: CompileOptions,
): void {
  for (const allowlist of allowlists) {
    for (const pattern of allowlist.regexes) checkRegex(pattern, `${where}: allowlist regexes`, options);
    for (const pattern of allowlist.paths) checkRegex(pattern, `${where}: allowlist paths`, options);
  }
}

/** The parsed pattern. Where the engine takes a pattern that our parser does not, users' rules go without proofs. */
function checkRegex(pattern: string, where: string, options: CompileOptions): Regex {
  const size = oversize(pattern);
  if (size !== undefined) throw invalid(`${where} ${size}`, "make several rules of it, or use (?:…) for groups");
  const trouble = options.compile?.(pattern);
  if (trouble !== undefined) throw invalid(`${where} does not compile: ${trouble}`, regexAdvice(trouble));
  try {
    return parseRegex(pattern);
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
    if (options.policy === "user" && options.compile !== undefined) return unknownRegex;
    throw invalid(`${where}: ${error.message}`, regexAdvice(error.message));
  }
}

/** Stands for a pattern that we cannot read: any match of any width, any number of groups. */
const unknownRegex: Regex = {
  root: { kind: "repeat", node: { kind: "set", runes: [[0, 0x10ffff]] }, min: 0, max: Infinity, lazy: false },
  groups: Infinity,
};

function runOf(parsed: Regex | undefined): Pick<Rule, "run"> {
  const run = parsed === undefined || parsed === unknownRegex ? undefined : tellingRun(parsed.root);
  if (run === undefined) return {};
  const bitmap = new Uint8Array(32);
  run.members.forEach((member, byte) => (bitmap[byte >> 3]! |= member << (byte & 7)));
  return { run: { members: Buffer.from(bitmap).toString("hex"), least: run.least } };
}

type Reach = Pick<Rule, "reach" | "before" | "after">;

function computeReach(entry: RuleEntry, parsed: Regex, where: string, options: CompileOptions): Reach {
  const window = entry.window;
  if (window !== undefined && window > maxWindow) throw invalid(`${where}: window is at most ${maxWindow} bytes`);
  const keywords = entry.keywords.filter((keyword) => keyword !== "");
  const proof = keywordReach(parsed.root, keywords);
  if (!proof.holds && options.policy === "built-in") {
    const text = textWithoutKeyword(parsed.root, keywords);
    const shown = text === undefined ? "" : `, as ${JSON.stringify(text)}`;
    throw invalid(
      `${where}: a match can be without any of its keywords${shown}`,
      "give keywords of which every match holds at least one",
    );
  }
  // Users' rules find what gitleaks finds: where a window could cut a match short, the whole content is looked at.
  if (options.policy === "user" && window === undefined && !(proof.holds && fits(proof)))
    return { reach: "whole", before: 0, after: 0 };
  if (!proof.holds) return { reach: "whole", before: 0, after: 0 };
  const widest = window ?? (options.policy === "user" ? maxWindow : maxDefaultReach);
  // A header begins before the name in it.
  const isColumn = entry.inside?.includes("|") === true;
  const proved = proof.before === Infinity || isColumn ? maxUnboundedBefore : proof.before;
  const before = Math.min(proved, widest);
  // The block goes on behind what the regex matches.
  const after = entry.inside === undefined ? Math.min(proof.after, widest) : widest;
  return { reach: "window", before: before + windowMargin, after: after + windowMargin };
}

function fits(proof: KeywordReach): boolean {
  return proof.before + proof.after <= maxProvedWindow;
}
