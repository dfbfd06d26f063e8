import type { Allowlist, Rule, Ruleset } from "../model/rule.ts";
import { checkAllowlistPatterns, compileRule } from "./compile.ts";
import type { CompileCheck, CompileOptions } from "./compile.ts";
import { maxExtendDepth } from "./limits.ts";
import { liveParts } from "./live-check.ts";
import { finishRuleset } from "./ruleset.ts";
import { invalid, shorten } from "./invalid.ts";
import { readRuleFile } from "./toml.ts";
import type { GlobalAllowlist, ParseToml, RuleEntry, RuleFile } from "./toml.ts";

/** What a configuration needs from outside. */
export interface ConfigSources {
  readonly parse: ParseToml;
  readonly builtin: () => Promise<Ruleset>;
  /** Reads the file that `[extend] path` names, as seen from the file that names it. Gives its text and how it is to be named from there on. */
  readonly readExtended: (path: string, from: string) => Promise<{ readonly text: string; readonly name: string }>;
  readonly compile: CompileCheck;
}

interface Layer {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly allowlists: readonly GlobalAllowlist[];
  /** True where the built-in rules are at the bottom: then ids that only gitleaks has are no errors. */
  readonly extendsDefault: boolean;
  readonly disabled: ReadonlySet<string>;
}

/**
 * A gitleaks configuration (or one of ours: the same format) made into a ruleset, with what it extends.
 *
 * Differences from gitleaks, all towards finding more: each allowlist pattern stands alone (gitleaks joins them, so that one pattern's
 * `(?i)` leaks into the next), `required` and `skipReport` of an extending rule count, and unknown keys are told.
 * @param name names the configuration in messages, and is where `extend.path` starts from.
 * @throws ToolError `rules-invalid`, also when no rule is left: a scan without rules would call everything clean.
 */
export async function loadConfig(
  text: string,
  name: string,
  sources: ConfigSources,
): Promise<{ ruleset: Ruleset; warnings: readonly string[] }> {
  const warnings: string[] = [];
  const layer = await loadLayer(text, name, [], sources, warnings);
  checkReferences(layer, name, warnings);
  for (const { id, path, regex, name: fileName } of layer.rules.values())
    if (path !== undefined && regex === undefined && fileName === undefined)
      warnings.push(
        `${name}: rule ${id}: its path says little of the file's name (it should end with $), so in a history it is asked of the index and of ranges alone`,
      );
  if (layer.rules.size === 0) {
    const [why] = warnings.filter((warning) => warning.includes("[extend]"));
    throw invalid(
      `${name}: no rules are loaded`,
      why ?? "add [extend] with useDefault = true to keep the built-in rules",
    );
  }
  const allowlists = limitTargets(layer.allowlists, new Set(layer.rules.keys()));
  const origin = layer.extendsDefault ? `${name} and built-in` : name;
  return { ruleset: finishRuleset(layer.rules.values(), allowlists, origin), warnings: fewLines(warnings) };
}

/** More warnings than this nobody reads. */
const mostWarnings = 50;

function fewLines(warnings: readonly string[]): string[] {
  const told = warnings.slice(0, mostWarnings).map(shorten);
  const more = warnings.length - told.length;
  return more === 0 ? told : [...told, `and ${more} more of its kind`];
}

/** `above`: the texts of the files that led here by `[extend]`. */
async function loadLayer(
  text: string,
  name: string,
  above: readonly string[],
  sources: ConfigSources,
  warnings: string[],
): Promise<Layer> {
  const file = readRuleFile(sources.parse, text, name);
  for (const warning of file.warnings) warnings.push(warning);
  const base = await loadBase(file, [...above, text], sources, warnings);
  const options: CompileOptions = { policy: "user", compile: sources.compile, file: name };
  const rules = new Map(base.rules);
  const disabled = new Set(base.disabled);
  for (const id of file.extend.disabledRules) {
    disabled.add(id);
    if (!rules.delete(id)) warnings.push(`${name}: disabledRules names ${id}, which is not among the extended rules`);
  }
  const own = new Map<string, RuleEntry>();
  for (const entry of file.rules) {
    if (own.has(entry.id)) warnings.push(`${name}: rule ${entry.id} is given twice; the last counts`);
    own.set(entry.id, entry);
  }
  for (const entry of own.values()) {
    const extended = rules.get(entry.id);
    if (extended !== undefined) rules.set(entry.id, extendRule(extended, entry, options));
    else if (
      entry.regex === undefined &&
      entry.path === undefined &&
      entry.toldBy === undefined &&
      base.extendsDefault
    ) {
      warnings.push(`${name}: rule ${entry.id} changes a rule that is not built in; it was ignored`);
    } else rules.set(entry.id, compileRule(entry, options));
  }
  checkAllowlistPatterns(file.allowlists, name, options);
  return { rules, allowlists: [...file.allowlists, ...base.allowlists], extendsDefault: base.extendsDefault, disabled };
}

const nothing: Layer = { rules: new Map(), allowlists: [], extendsDefault: false, disabled: new Set() };

async function loadBase(
  file: RuleFile,
  texts: readonly string[],
  sources: ConfigSources,
  warnings: string[],
): Promise<Layer> {
  const { useDefault, path } = file.extend;
  if (!useDefault && path === undefined) return nothing;
  if (texts.length > maxExtendDepth) {
    warnings.push(`${file.name}: [extend] is followed ${maxExtendDepth} times at most; this one was ignored`);
    return nothing;
  }
  if (path === undefined) {
    const { rules, allowlists } = await sources.builtin();
    return {
      rules: new Map(rules.map((rule) => [rule.id, rule])),
      allowlists,
      extendsDefault: true,
      disabled: new Set(),
    };
  }
  const { text, name } = await sources.readExtended(path, file.name);
  if (texts.includes(text)) {
    warnings.push(`${file.name}: [extend] path ${path} leads back to a file that extends it; it was ignored`);
    return nothing;
  }
  return loadLayer(text, name, texts, sources, warnings);
}

/** gitleaks' way: single values replace when they say something, lists are appended. */
function extendRule(base: Rule, entry: RuleEntry, options: CompileOptions): Rule {
  const { near, live, liveNone, ...kept } = entryOf(base);
  const saysLive = entry.live !== undefined || entry.liveNone !== undefined;
  const merged: RuleEntry = {
    ...kept,
    // What it was made of says nothing of another regex.
    ...(near === undefined || entry.regex !== undefined ? {} : { near }),
    ...(live === undefined || saysLive ? {} : { live }),
    ...(liveNone === undefined || saysLive ? {} : { liveNone }),
    ...entry,
    description: entry.description === undefined || entry.description === "" ? base.description : entry.description,
    entropy: entry.entropy === undefined || entry.entropy === 0 ? base.entropy : entry.entropy,
    secretGroup: entry.secretGroup === undefined || entry.secretGroup === 0 ? base.secretGroup : entry.secretGroup,
    keywords: [...base.keywords, ...entry.keywords],
    tags: [...base.tags, ...entry.tags],
    allowlists: [...base.allowlists, ...entry.allowlists],
    required: [...base.required, ...entry.required],
  };
  const compiled = compileRule(merged, options);
  const isSameSearch = entry.regex === undefined && entry.keywords.length === 0 && entry.window === undefined;
  return isSameSearch ? { ...compiled, reach: base.reach, before: base.before, after: base.after } : compiled;
}

/** A rule as its file would have given it. */
function entryOf(rule: Rule): RuleEntry {
  const { reach: _reach, before: _before, after: _after, ...entry } = rule;
  return { ...entry, examples: [], counterExamples: [] };
}

function checkReferences(layer: Layer, name: string, warnings: string[]): void {
  for (const rule of layer.rules.values()) {
    for (const { id } of rule.required) {
      if (layer.rules.has(id)) continue;
      if (!layer.disabled.has(id)) throw invalid(`${name}: rule ${rule.id}: required rule ${id} does not exist`);
      warnings.push(`${name}: rule ${rule.id} needs rule ${id}, which is disabled; it can never be reported`);
    }
  }
  for (const { id, live } of layer.rules.values())
    for (const part of live === undefined ? [] : liveParts(live))
      if (!layer.rules.has(part)) throw invalid(`${name}: rule ${id}: live: rule ${part} does not exist`);
  for (const id of layer.allowlists.flatMap((allowlist) => allowlist.targetRules)) {
    if (layer.rules.has(id)) continue;
    if (!layer.disabled.has(id) && !layer.extendsDefault)
      throw invalid(`${name}: allowlist targetRules: rule ${id} does not exist`);
    warnings.push(`${name}: allowlist targetRules names ${id}, which is not loaded`);
  }
}

/**
 * Allowlists limited to rules that are there. One whose targets are all gone is dropped: an empty list of targets would mean every rule.
 */
export function limitTargets(allowlists: readonly GlobalAllowlist[], ids: ReadonlySet<string>): GlobalAllowlist[] {
  return allowlists.flatMap((allowlist: Allowlist & { readonly targetRules: readonly string[] }) => {
    if (allowlist.targetRules.length === 0) return [allowlist];
    const targetRules = allowlist.targetRules.filter((id) => ids.has(id));
    return targetRules.length === 0 ? [] : [{ ...allowlist, targetRules }];
  });
}
