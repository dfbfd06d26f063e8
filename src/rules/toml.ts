import { ToolError } from "../model/problem.ts";
import { noLiveReasons } from "../model/live-check.ts";
import type { LiveCheck, NoLiveReason } from "../model/live-check.ts";
import type { Near } from "../model/near.ts";
import type { Allowlist, Confidence, FileTest, RequiredPart, Rule, Severity } from "../model/rule.ts";
import { severities } from "../model/rule.ts";
import { toldBys, type ToldBy } from "../model/told-by.ts";
import { formsRegex, readForms } from "./forms.ts";
import { invalid } from "./invalid.ts";
import { maxIdLength } from "./limits.ts";
import { readLiveCheck } from "./live-check.ts";
import { nearKeywords, nearRegex } from "./near.ts";
import { createReader } from "./toml-reader.ts";
import type { TableReader } from "./toml-reader.ts";

/** A rule as its file gives it: absent keys are absent, so that a file can change single keys of a rule that it extends. */
export interface RuleEntry {
  readonly id: string;
  readonly description?: string;
  /** Where `near` or `forms` is given, the regex that it stands for. */
  readonly regex?: string;
  readonly near?: Near;
  readonly path?: string;
  readonly file?: FileTest;
  readonly toldBy?: ToldBy;
  readonly secretGroup?: number;
  readonly entropy?: number;
  readonly keywords: readonly string[];
  readonly tags: readonly string[];
  readonly allowlists: readonly Allowlist[];
  readonly required: readonly RequiredPart[];
  readonly skipReport?: boolean;
  readonly severity?: Severity;
  readonly confidence?: Confidence;
  readonly kind?: Rule["kind"];
  readonly references?: readonly string[];
  readonly revoke?: string;
  readonly check?: string;
  readonly live?: LiveCheck;
  readonly liveNone?: NoLiveReason;
  readonly specificity?: number;
  /** Bytes after the keyword that the regex may look at. */
  readonly window?: number;
  /** Keys of the values in the block that the regex opens; `*`: any. */
  readonly inside?: readonly string[];
  readonly examples: readonly string[];
  readonly counterExamples: readonly string[];
}

export type GlobalAllowlist = Allowlist & { readonly targetRules: readonly string[] };

export interface RuleFile {
  /** How messages name the file. */
  readonly name: string;
  readonly extend: { readonly useDefault: boolean; readonly path?: string; readonly disabledRules: readonly string[] };
  readonly rules: readonly RuleEntry[];
  readonly allowlists: readonly GlobalAllowlist[];
  /** One line each, with the file's name: unknown keys and other things that are not errors. */
  readonly warnings: readonly string[];
}

/** The function of a TOML library: text to nested plain values; throws on a syntax error. */
export type ParseToml = (text: string) => unknown;

// The keys of a constant: what they are is known.
const reasons = Object.keys(noLiveReasons) as NoLiveReason[];

/** A rule file is text that people write; more than this is something else. */
const maxFileBytes = 16 * 1024 * 1024;

/**
 * Reads and checks a rule file: ours or a gitleaks configuration. Keys are read without regard to case, as gitleaks does.
 * @throws ToolError `rules-invalid` for wrong TOML, wrong types and impossible values; the message names file, rule id and key.
 */
export function readRuleFile(parse: ParseToml, text: string, name: string): RuleFile {
  if (text.length > maxFileBytes) throw invalid(`${name}: larger than ${maxFileBytes} bytes`);
  const warnings: string[] = [];
  const top = createReader(parseText(parse, text, name), name, (line) => warnings.push(line));
  top.skip("title", "description", "minversion");
  const extend = top.table("extend");
  const path = extend?.text("path");
  const useDefault = extend?.flag("usedefault") ?? false;
  if (useDefault && path !== undefined && path !== "")
    throw invalid(`${name}: [extend] has both useDefault and path; only one is possible`);
  if (extend?.text("url") !== undefined) warnings.push(`${name}: [extend] url is not supported and was ignored`);
  const file: RuleFile = {
    name,
    extend: {
      useDefault,
      ...(path === undefined || path === "" ? {} : { path }),
      disabledRules: extend?.texts("disabledrules") ?? [],
    },
    rules: top.tables("rules").map((table, index) => readRule(table, index)),
    allowlists: readAllowlists(top).map((table) => {
      const targetRules = table.texts("targetrules");
      return { ...readAllowlist(table), targetRules };
    }),
    warnings,
  };
  extend?.finish();
  top.finish();
  return file;
}

function parseText(parse: ParseToml, text: string, name: string): unknown {
  try {
    return parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const line = error instanceof Error && "line" in error ? `:${String(error.line)}` : "";
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "unknown trouble";
    throw new ToolError("rules-invalid", `${name}${line}: ${reason}`, {
      hint: "the file is not valid TOML",
      cause: error,
    });
  }
}

function readRule(table: TableReader, index: number): RuleEntry {
  const id = (table.text("id") ?? "").trim();
  if (id === "") throw invalid(`${table.where}: rule ${index + 1} has no id`, "each [[rules]] needs an id");
  if (id.length > maxIdLength)
    throw invalid(
      `${table.where}: rule ${index + 1} has an id of more than ${maxIdLength} characters`,
      "give it a name",
    );
  const rule = table.named(`rule ${id}`);
  const near = readNear(rule);
  const forms = readForms(rule);
  const entry = present({
    id,
    description: rule.text("description"),
    near,
    regex:
      near !== undefined ? nearRegex(near) : forms !== undefined ? formsRegex(forms, rule.where) : rule.text("regex"),
    path: rule.text("path"),
    file: readFileTest(rule),
    toldBy: rule.choice("told_by", toldBys),
    secretGroup: rule.count("secretgroup"),
    entropy: rule.number("entropy"),
    skipReport: rule.flag("skipreport"),
    severity: rule.choice("severity", severities),
    confidence: rule.choice("confidence", ["certain", "likely", "possible"] as const),
    kind: rule.choice("kind", ["token", "context", "generic"] as const),
    references: rule.has("references") ? rule.texts("references") : undefined,
    revoke: rule.text("revoke"),
    check: rule.text("check"),
    live: readLiveCheck(rule),
    liveNone: rule.choice("live_none", reasons),
    specificity: rule.number("specificity"),
    window: rule.count("window"),
    inside: rule.has("inside") ? rule.texts("inside").map((key) => key.toLowerCase()) : undefined,
    keywords: [...(near === undefined ? [] : nearKeywords(near)), ...rule.texts("keywords")].map((keyword) =>
      keyword.toLowerCase(),
    ),
    tags: rule.texts("tags"),
    allowlists: readAllowlists(rule).map((one) => readAllowlist(one)),
    required: rule.tables("required").map((one) => readRequired(one)),
    examples: rule.texts("examples"),
    counterExamples: rule.texts("counter_examples"),
  });
  rule.finish();
  return entry;
}

/** `file = { heads, at, text, check, most, anywhere }` beside a path: what the file has to begin with. */
function readFileTest(rule: TableReader): FileTest | undefined {
  const table = rule.table("file");
  if (table === undefined) return undefined;
  const text = table.text("text");
  const check = table.text("check");
  const test: FileTest = {
    heads: table.texts("heads").map((head) => head.toLowerCase()),
    at: table.count("at") ?? 0,
    ...(text === undefined ? {} : { text }),
    ...(check === undefined ? {} : { check }),
    most: table.count("most") ?? 0,
    anywhere: table.flag("anywhere") ?? false,
  };
  if (rule.has("regex") || !rule.has("path"))
    throw invalid(`${table.where}: it stands beside a path, and without a regex`, "a regex looks at all of a file");
  if (!test.heads.every((head) => /^(?:[0-9a-f]{2})+$/.test(head)))
    throw invalid(`${table.where}: heads are bytes in hex`, 'as in heads = ["feedfeed"]');
  if (test.anywhere && test.heads.length === 0)
    throw invalid(
      `${table.where}: anywhere needs heads`,
      "every content is asked for its first bytes, and few for more",
    );
  table.finish();
  return test;
}

/** `near = { names, roles, value }` stands for a regex and its keywords. */
function readNear(rule: TableReader): Near | undefined {
  const table = rule.table("near");
  if (table === undefined) return undefined;
  if (rule.has("regex")) throw invalid(`${rule.where}: near and regex cannot stand together`, "near gives the regex");
  const near = {
    names: table.texts("names").map((name) => name.toLowerCase()),
    roles: table.texts("roles").map((role) => role.toLowerCase()),
    value: table.text("value") ?? "",
  };
  if (near.names.length === 0 || near.names.some((name) => !/[a-z0-9]/.test(name)))
    throw invalid(`${table.where}: names must be a list of words`);
  if (near.value === "") throw invalid(`${table.where}: value is missing`, "value is the regex of the secret alone");
  table.finish();
  return near;
}

/** Drops absent keys, whose type then says the same. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } & RuleEntry {
  // What is left has every required key of RuleEntry, and no key is there with the value undefined.
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  } & RuleEntry;
}

function readRequired(table: TableReader): RequiredPart {
  const id = table.text("id") ?? "";
  if (id === "") throw invalid(`${table.where}: [[rules.required]] without id`);
  const withinLines = table.count("withinlines");
  const withinColumns = table.count("withincolumns");
  table.finish();
  return {
    id,
    ...(withinLines === undefined ? {} : { withinLines }),
    ...(withinColumns === undefined ? {} : { withinColumns }),
  };
}

/** The old single `[allowlist]` and the list `[[allowlists]]`; a file has one or the other. */
function readAllowlists(table: TableReader): readonly TableReader[] {
  const many = table.tables("allowlists");
  const one = table.table("allowlist");
  if (one === undefined) return many;
  if (many.length > 0)
    throw invalid(
      `${table.where}: [allowlist] and [[allowlists]] cannot stand together`,
      "move the single one into the list",
    );
  return [one];
}

const conditions: Readonly<Record<string, "OR" | "AND">> = { "": "OR", OR: "OR", "||": "OR", AND: "AND", "&&": "AND" };
const regexTargets: Readonly<Record<string, "secret" | "match" | "line">> = {
  "": "secret",
  secret: "secret",
  match: "match",
  line: "line",
};

function readAllowlist(table: TableReader): Allowlist {
  const condition = conditions[(table.text("condition") ?? "").toUpperCase()];
  if (condition === undefined) throw invalid(`${table.where}: allowlist condition must be OR or AND`);
  const regexTarget = regexTargets[(table.text("regextarget") ?? "").toLowerCase()];
  if (regexTarget === undefined) throw invalid(`${table.where}: allowlist regexTarget must be secret, match or line`);
  const allowlist: Allowlist = {
    description: table.text("description") ?? "",
    condition,
    commits: table.texts("commits").map((commit) => commit.trim().toLowerCase()),
    paths: table.texts("paths"),
    regexTarget,
    regexes: table.texts("regexes"),
    stopwords: table.texts("stopwords").map((word) => word.toLowerCase()),
  };
  const parts = [allowlist.commits, allowlist.paths, allowlist.regexes, allowlist.stopwords];
  if (parts.every((part) => part.length === 0)) {
    throw invalid(`${table.where}: an allowlist needs at least one of commits, paths, regexes, stopwords`);
  }
  table.finish();
  return allowlist;
}
