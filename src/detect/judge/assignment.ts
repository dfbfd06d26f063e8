import type { Candidate } from "../candidate.ts";

/** How a value stands in its line. */
export interface Assignment {
  /** The whole name on the left, as far as the rule's match and the line show it; empty when unknown. */
  readonly key: string;
  /** `"`, `'`, a backtick, or empty for an unquoted value. */
  readonly quote: string;
  /** What stands between name and value, without quotes and type names. */
  readonly operator: string;
  /** `NAME=value` alone on its line, as in env files, shells and Dockerfiles: all of the line is the value, whatever signs it holds. */
  readonly isEnvLine: boolean;
  /** `name=value` alone on its line, whatever the case of the name and without a blank: a properties file, or a shell. */
  readonly isSetting: boolean;
  /**
   * `assigned`: an operator or markup joins name and value. `argument`: a comma does, and the name opens the call or the pair it stands in
   * (`put("password", "…")`). `paired`: both are all of a record or its beginning, as in `[("password", "…"), …]`. `listed`: a comma does, and both
   * are elements of some list, so that one says little about the other.
   */
  readonly joint: "assigned" | "argument" | "paired" | "listed";
  /** The text behind the value, at most 24 characters. */
  readonly after: string;
  /** The text before the name, at most 24 characters. */
  readonly before: string;
}

const MAX_SIDE = 24;
const ENV_NAME = /^[A-Z][A-Z0-9_]*$/;
const ENV_HEAD = /(?:^|[\r\n])\s*(?:(?:export|ENV|ARG|set|-)\s+)?$/;

/** What joins the two halves of a pair: `name="…" value="…"`. Then the name is the value of another member. */
const PAIR_WORD = /^(?:name|key|value)$/i;
/** Calls and statements that are given a name and its value: `ENV.fetch("…", "…")`, `buildConfigField "String", "…", "…"`. */
const GIVEN_BOTH = /^(?:\.fetch|buildConfigField|resValue|variable|flag\.String)$/i;
const TELLING_NAME = /[\w.-]*(?:secret|token|passw|passphrase|credential|[\w.-]key)[\w.-]*/i;

function tellingName(text: string): string | undefined {
  return TELLING_NAME.exec(text)?.[0];
}

/** Reads the surroundings of a candidate's value from its match and line. */
export function readAssignment(candidate: Candidate): Assignment {
  const { secret, match, line, secretInLine } = candidate;
  const inMatch = Math.max(0, match.lastIndexOf(secret));
  const at = secretInLine;
  const matchStart = at < 0 ? -1 : at - inMatch;
  const head =
    matchStart > 0 ? (/[\w$.-]*$/.exec(line.slice(Math.max(0, matchStart - 80), matchStart))?.[0] ?? "") : "";
  const name = /^[\w$.-]*/.exec(match.slice(0, inMatch))?.[0] ?? "";
  const between = match.slice(name.length, inMatch);
  const last = between[between.length - 1] ?? "";
  const key = PAIR_WORD.test(name)
    ? (tellingName(match.slice(name.length, inMatch)) ??
      tellingName(match.slice(inMatch + secret.length)) ??
      head + name)
    : GIVEN_BOTH.test(name)
      ? (tellingName(between) ?? "")
      : head + name;
  const after = at < 0 ? "" : line.slice(at + secret.length, at + secret.length + MAX_SIDE);
  const before =
    matchStart <= 0 ? "" : line.slice(Math.max(0, matchStart - head.length - MAX_SIDE), matchStart - head.length);
  return {
    key,
    quote: last === '"' || last === "'" || last === "`" ? last : "",
    operator: between.replace(/["'`\\\][)\s]/g, "").slice(-3),
    joint: readJoint(between, before),
    isEnvLine: between === "=" && ENV_NAME.test(key) && ENV_HEAD.test(before) && /^\s*(?:[\r\n]|$)/.test(after),
    isSetting: between === "=" && /(?:^|[\r\n])$/.test(before) && /^\s*(?:[\r\n]|$)/.test(after),
    after,
    before,
  };
}

/** `{name: DB_PASSWORD, value: "…"}`, `"key": "password", "value": "…"`: the comma stands between a name and its value. */
const PAIRED_VALUE = /^["'`]?\s*,\s*["'`]?(?:value|default)["'`]?\s*[:=]/i;

/** `set :deploy_password, "…"`: settings of Capistrano and Sinatra. */
const SYMBOL_SETTING = /(?:^|[\s#])set :$/;

/** @param between the text from the name's end to the value @param before what stands before the name */
function readJoint(between: string, before: string): Assignment["joint"] {
  if (!/^["'`]?\s*,/.test(between) || PAIRED_VALUE.test(between)) return "assigned";
  if (SYMBOL_SETTING.test(before)) return "argument";
  const isOpening = /^["'`]/.test(between) ? /[([]\s*[bBrRuU@]?["'`]$/.test(before) : /\(\s*$/.test(before);
  if (!isOpening || /[\r\n]/.test(between)) return "listed";
  return /(?:^|[\s,([{=:])\(\s*[bBrRuU@]?["'`]?$/.test(before) ? "paired" : "argument";
}
