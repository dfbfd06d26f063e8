import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ruleset } from "../../model/rule.ts";
import { sanitize } from "../../model/sanitize.ts";
import { cacheFolder } from "../../store/index.ts";
import { countText, problemText, writeLines } from "../../report/index.ts";
import { configPlaces } from "../../rules/index.ts";
import { exitCodes } from "../exit.ts";
import type { ScanOptions } from "../options.ts";
import { ruleOrigins, type RuleOrigin } from "../rule-origins.ts";
import { Run } from "../run.ts";
import { selfTest } from "../self-test.ts";
import { prepareScan } from "../setup.ts";
import { targetOf } from "../targets.ts";

export interface ConfigOptions extends ScanOptions {
  /** Also where each rule comes from. */
  readonly origin: boolean;
}

/**
 * `config show [target]`: what a scan of the target would go by. `config check [target]`: reads all of it as a scan would, and plants a secret; exit
 * code 3 where it would not be reported. Throws ToolError for what a scan would not take either.
 */
export async function run([what = "show", target = "."]: readonly string[], options: ConfigOptions): Promise<number> {
  const prepared = await prepareScan([targetOf(target, "any")], options);
  const notes = prepared.notes.map(problemText);
  if (what === "check") {
    await using scan = new Run(prepared.poolOptions, options, { progress() {}, finding() {}, problem() {} });
    const faults = (await selfTest(prepared, (unit) => scan.read(unit))).map(problemText);
    const { rules } = prepared.ruleset;
    const verdict = faults.length > 0 ? "this configuration cannot be trusted" : "a planted secret is reported";
    await writeLines([...notes, ...faults, `${countText(rules.length)} rules; ${verdict}.`], process.stdout);
    return faults.length > 0 ? exitCodes.incomplete : exitCodes.clean;
  }
  await writeLines(await shown(targetOf(target, "any").name, prepared.ruleset, notes, options), process.stdout);
  return exitCodes.clean;
}

async function shown(
  target: string,
  ruleset: Ruleset,
  notes: readonly string[],
  options: ConfigOptions,
): Promise<string[]> {
  const { config, ignorePath, baselinePath, cache, cacheFolder: asked } = options;
  const env = process.env;
  const places = await configPlaces({ ...(config === undefined ? {} : { config }), cwd: process.cwd(), env, target });
  const used = places.find(({ isThere }) => isThere);
  const lines = ["configuration (the first that is there counts)"];
  for (const place of places) {
    const state =
      place === used
        ? "used"
        : place.isThere
          ? "there, not used"
          : place.name.startsWith("-") || /^[A-Z]/.test(place.name)
            ? "not set"
            : "not there";
    // The variable can hold a whole configuration.
    const value = place.value === undefined || place.name.endsWith("_TOML") ? "" : ` = ${sanitize(place.value)}`;
    lines.push(`  ${state.padEnd(15)}  ${sanitize(place.name)}${value}`);
  }
  lines.push(`  ${(used === undefined ? "used" : "").padEnd(15)}  built-in rules`);
  lines.push("", "rules", ...(await ruleLines(ruleset, options.origin)));
  lines.push("", "decisions");
  for (const folder of new Set([".", target]))
    for (const name of [".leaktraceignore", ".gitleaksignore"]) lines.push(await fileLine(join(folder, name)));
  if (ignorePath !== undefined) lines.push(await fileLine(ignorePath));
  if (baselinePath !== undefined) lines.push(`${await fileLine(baselinePath)}  (baseline)`);
  lines.push(
    options.ignoreInlineAllow
      ? "  marks in lines (gitleaks:allow) hide nothing"
      : "  marks in lines (gitleaks:allow) hide their line",
  );
  const folder = cacheFolder({ ...(asked === undefined ? {} : { asked }), env, platform: process.platform });
  lines.push("", "cache", cache ? `  ${sanitize(folder)}` : "  off");
  return notes.length === 0 ? lines : [...lines, "", ...notes];
}

async function ruleLines({ rules, origin, allowlists, digest }: Ruleset, isLong: boolean): Promise<string[]> {
  const { of, builtinIds } = await ruleOrigins();
  const placed = rules.map((rule) => ({ id: rule.id, origin: of(rule) }));
  const count = (kind: RuleOrigin): number => placed.filter((rule) => rule.origin === kind).length;
  const ids = new Set(rules.map(({ id }) => id));
  const left = builtinIds.filter((id) => !ids.has(id));
  const lines = [
    `  ${countText(rules.length)} from ${sanitize(origin)}: ${countText(count("built-in"))} built-in, ${countText(count("changed"))} of these changed, ${countText(count("own"))} own; ${countText(left.length)} built-in left out`,
    `  ${countText(allowlists.length)} allowlists for all rules`,
    `  digest ${digest.slice(0, 16)}`,
  ];
  if (!isLong) return lines;
  for (const { id, origin: from } of placed)
    if (from !== "built-in") lines.push(`  ${from.padEnd(8)}  ${sanitize(id)}`);
  // A configuration of its own leaves out all of them, which is said above.
  if (left.length < builtinIds.length) for (const id of left) lines.push(`  left out  ${sanitize(id)}`);
  return lines;
}

async function fileLine(path: string): Promise<string> {
  const isThere = await stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
  return `  ${(isThere ? "used" : "not there").padEnd(15)}  ${sanitize(path)}`;
}
