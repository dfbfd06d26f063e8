/**
 * The room of rules. In: configurations (files, environment) and the built-in ruleset. Out: one `Ruleset`, checked, as plain data for threads,
 * and warnings for people. It scans nothing, and it knows no regex engine: the check whether a pattern compiles is handed in.
 *
 * `build.ts` (pattern files → built-in ruleset), `templates.ts` (examples) and `regex-sample.ts` are doors of their own, for the build and the tests.
 */
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ToolError } from "../model/problem.ts";
import type { Ruleset } from "../model/rule.ts";
import type { CompileCheck } from "./compile.ts";
import { loadConfig, limitTargets } from "./gitleaks-config.ts";
import { nearest } from "./nearest.ts";
import { finishRuleset } from "./ruleset.ts";
import { invalid } from "./invalid.ts";

export interface LoadRulesetOptions {
  /** `--config`: a path, or `built-in`. */
  readonly config?: string;
  /** A configuration that is not written yet, in place of any other. `name`: where it is going to be. */
  readonly draft?: { readonly text: string; readonly name: string };
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is scanned, as given on the command line: a folder can hold a configuration. `-`, and no target, stand for `cwd`. */
  readonly target?: string;
  /** `--enable-rule`: only these are kept. */
  readonly enableRules?: readonly string[];
  readonly builtin: () => Promise<Ruleset>;
  /** What is wrong with a pattern, or undefined; `detect` has the engine. */
  readonly compile: CompileCheck;
}

/**
 * Finds and loads the rules of a scan: `--config`, `LEAKTRACE_CONFIG`, `GITLEAKS_CONFIG`, `GITLEAKS_CONFIG_TOML`, `.leaktrace.toml` and
 * `.gitleaks.toml` in the target, else the built-in ones; the first that is there counts.
 * @throws ToolError `rules-invalid` (also for an unknown rule in `enableRules`, and when no rule is left) or `rules-unreadable`.
 */
export async function loadRuleset(
  options: LoadRulesetOptions,
): Promise<{ ruleset: Ruleset; warnings: readonly string[] }> {
  const found = options.draft === undefined ? await discover(options) : { ...options.draft, warnings: [] };
  if (found === undefined) {
    const ruleset = await options.builtin();
    if (ruleset.rules.length === 0)
      throw invalid("no rules are loaded", "this build has no built-in rules; build it again");
    const warnings = options.config === undefined ? await passedOver(options) : [];
    return { ruleset: enableOnly(ruleset, options.enableRules ?? []), warnings };
  }
  const { parse } = await import("smol-toml");
  const { ruleset, warnings } = await loadConfig(found.text, found.name, {
    parse,
    builtin: options.builtin,
    compile: options.compile,
    readExtended: (path, from) => readExtended(path, from, options.cwd),
  });
  return { ruleset: enableOnly(ruleset, options.enableRules ?? []), warnings: [...found.warnings, ...warnings] };
}

/** Names the built-in rules where a configuration is asked for (a file that is called so is `./built-in`). */
const builtinName = "built-in";

interface Found {
  readonly text: string;
  readonly name: string;
  readonly warnings: readonly string[];
}

/** A place where a configuration is looked for. */
export interface ConfigPlace {
  /** `--config`, the name of a variable, or a path. */
  readonly name: string;
  /** What the option or variable says; absent where it says nothing. */
  readonly value?: string;
  /** Whether a configuration is there. */
  readonly isThere: boolean;
}

/** How `GITLEAKS_CONFIG_TOML` is named in messages. */
const inlineName = "GITLEAKS_CONFIG_TOML";

/** Where a configuration is looked for, in this order: the first place that has one counts. */
export async function configPlaces({
  config,
  cwd,
  env,
  target,
}: Pick<LoadRulesetOptions, "config" | "cwd" | "env" | "target">): Promise<ConfigPlace[]> {
  const said = (name: string, value: string | undefined): ConfigPlace =>
    value === undefined || value === "" ? { name, isThere: false } : { name, value, isThere: true };
  const places = [
    said("--config", config),
    ...["LEAKTRACE_CONFIG", "GITLEAKS_CONFIG", inlineName].map((name) => said(name, env[name])),
  ];
  const folder = resolve(cwd, target === undefined || target === "-" ? "." : target);
  if (!(await isKind(folder, "isDirectory"))) return places;
  for (const file of configNames) {
    const path = join(folder, file);
    places.push({ name: path, isThere: await isKind(path, "isFile") });
  }
  return places;
}

async function discover(options: LoadRulesetOptions): Promise<Found | undefined> {
  const place = (await configPlaces(options)).find(({ isThere }) => isThere);
  if (place === undefined || place.value === builtinName) return undefined;
  const { name, value } = place;
  if (name === inlineName) return { text: value ?? "", name, warnings: [] };
  if (value !== undefined)
    return { text: await readConfig(resolve(options.cwd, value), value, true), name: value, warnings: [] };
  const warning = `${name}: these rules come with what is scanned; whoever can write there decides what is found (--config overrides them)`;
  return { text: await readConfig(name, name), name, warnings: [warning] };
}

/** Names under which a configuration lies in a folder. */
const configNames = [".leaktrace.toml", ".gitleaks.toml"];

/** A pipe or a link in a circle under the name of a configuration: nobody reads it, and who put it there is told. */
async function passedOver({ cwd, target }: LoadRulesetOptions): Promise<string[]> {
  const warnings: string[] = [];
  for (const name of configNames) {
    const path = join(resolve(cwd, target === undefined || target === "-" ? "." : target), name);
    const isThere = await lstat(path).then(
      (facts) => !facts.isDirectory(),
      () => false,
    );
    if (isThere && !(await isKind(path, "isFile")))
      warnings.push(`${path}: is no file that can be read: the built-in rules are asked`);
  }
  return warnings;
}

async function isKind(path: string, kind: "isFile" | "isDirectory"): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.[kind]() ?? false;
}

/** Ten times the rules of anyone. A scanned repository can name any file as one that its configuration extends. */
const maxConfigBytes = 1 << 26;

/** Pipes hold what a shell puts together (`-c <(…)`): they are waited for only where the user named them. */
async function readConfig(path: string, name: string, mayWait = false): Promise<string> {
  let bytes: Buffer;
  try {
    const facts = await stat(path);
    const tooLarge = invalid(`${name}: is larger than ${maxConfigBytes} bytes`, "a configuration holds rules alone");
    if (facts.size > maxConfigBytes) throw tooLarge;
    if (!facts.isFile() && !(mayWait && facts.isFIFO()) && !facts.isDirectory())
      throw invalid(`${name}: is no file`, "check the path of the rule file");
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > maxConfigBytes) throw tooLarge;
      pieces.push(piece);
    }
    bytes = Buffer.concat(pieces);
  } catch (error) {
    throw error instanceof ToolError ? error : unreadable(name, error);
  }
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const lines = bytes.toString("latin1").split("\n");
  const line = lines.findIndex((one) => !isUtf8(Buffer.from(one, "latin1")));
  throw invalid(`${name}:${line + 1}: these bytes are no text in UTF-8`, "save the file as UTF-8, which TOML asks for");
}

function unreadable(name: string, cause: unknown): ToolError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown trouble";
  return new ToolError("rules-unreadable", `${name}: cannot be read (${code})`, {
    cause,
    hint: "check the path of the rule file",
  });
}

/** Beside the file that extends it, where people expect it; else in the working directory, as gitleaks does. */
async function readExtended(path: string, from: string, cwd: string): Promise<{ text: string; name: string }> {
  const beside = resolve(from === inlineName ? cwd : dirname(resolve(cwd, from)), path);
  const place = (await isKind(beside, "isFile")) ? beside : resolve(cwd, path);
  return { text: await readConfig(place, `${from}: [extend] path ${path}`), name: place };
}

/** Only these rules, and the parts that they require; all when no id is given. */
function enableOnly(ruleset: Ruleset, ids: readonly string[]): Ruleset {
  if (ids.length === 0) return ruleset;
  const known = new Map(ruleset.rules.map((rule) => [rule.id, rule]));
  const kept = new Map<string, Ruleset["rules"][number]>();
  for (const id of ids) {
    const rule = known.get(id);
    if (rule === undefined) {
      const near = nearest(id, known.keys());
      throw invalid(
        `there is no rule ${id}`,
        near === undefined ? "`leaktrace rules list` shows all rules" : `did you mean ${near}?`,
      );
    }
    kept.set(id, rule);
  }
  // Parts of parts too: a map also visits what is put in on the way. gitleaks drops the parts of a composite rule that are not enabled too, so that it can never fire.
  for (const { required } of kept.values()) {
    for (const { id } of required) {
      const part = known.get(id);
      if (part !== undefined && !kept.has(id)) kept.set(id, { ...part, skipReport: true });
    }
  }
  return finishRuleset(kept.values(), limitTargets(ruleset.allowlists, new Set(kept.keys())), ruleset.origin);
}
