import type { Finding } from "../../model/finding.ts";
import type { Rule } from "../../model/rule.ts";
import { allowlistText, sameFile, type Proposal, type ProgramStart, type WriteWish } from "../../review/index.ts";
import { withBlock, withRule } from "../../rules/config-edit.ts";
import { shapeTemplate } from "../../rules/shape-template.ts";
import { loadEngine } from "../../detect/index.ts";
import { loadRules, type LoadedRules } from "../load-rules.ts";
import type { ScanOptions } from "../options.ts";
import { openDetector } from "../own-detector.ts";
import { exampleFaults } from "../rule-examples.ts";
import { editorAt } from "./outside.ts";
import { secretAt, type PlaceReading } from "./reading.ts";
import type { RuleDraft } from "./rule-draft.ts";
import { touchedRules, trialRows, tryRules } from "./rule-trial.ts";
import { findUserConfig, loadDraft, saveConfig, textOf, type UserConfig } from "./user-config.ts";

/** What all of this works with. */
export interface RuleDesk {
  readonly reading: PlaceReading;
  readonly options: ScanOptions;
  readonly draft: RuleDraft;
  /** All that was scanned, by its names: now, or by the scans of a case or report. */
  readonly targets: () => readonly string[];
}

type Context = Parameters<import("../../review/index.ts").Writer["propose"]>[1];

/** The configuration in force for what the review looks at. */
function configOf({ reading, options }: RuleDesk): Promise<UserConfig | string> {
  const [target] = reading.targets.length === 1 ? reading.targets : [];
  return findUserConfig(target, options);
}

/** An allowlist for the rule and the file of a place, at the end of the user's configuration. */
export async function proposeAllowlist(
  desk: RuleDesk,
  { finding, place }: WriteWish,
  { findings }: Context,
): Promise<Proposal | string> {
  const config = await configOf(desk);
  if (typeof config === "string") return config;
  const block = allowlistText(finding, place);
  const text = withBlock(textOf(config), block);
  // What is in force may keep the old, single form of an allowlist, beside which no other can stand.
  await loadDraft(config, text);
  const hidden = sameFile({ findings, place }, finding);
  return {
    rows: [
      ...headRows(config),
      ...block.split("\n").map((line) => ({ text: `+ ${line}`, tone: "good" }) as const),
      { text: "", tone: "plain" },
      {
        text: `${hidden.length === 0 ? "Nothing of this review vanishes: it has places elsewhere, too" : `${hidden.length.toLocaleString("en")} of this review vanish`}; what comes there later is hidden as well.`,
        tone: hidden.length === 1 ? "plain" : "alert",
      },
      ...hidden.slice(0, 100).map(({ masked, rule }) => ({ text: `- ${masked}  ${rule.id}`, tone: "alert" }) as const),
    ],
    async write() {
      await saveConfig(config, text);
      desk.reading.forgetRules();
      return {
        said: `allowlist written to ${config.name}`,
        hidden: hidden.map(({ fingerprint }) => fingerprint),
        by: config.name,
      };
    },
  };
}

/** Lays out the rule of a finding for the user's editor. */
export async function draftRule(desk: RuleDesk, finding: Finding): Promise<ProgramStart | string> {
  const config = await layRule(desk, finding);
  return typeof config === "string" ? config : editorAt(desk.draft.path, 1);
}

/** Lays out the rule of a finding; gives the configuration that it would be written to, or why it cannot be. */
export async function layRule(desk: RuleDesk, finding: Finding): Promise<UserConfig | string> {
  const config = await configOf(desk);
  if (typeof config === "string") return config;
  const { ruleset } = await rulesInForce(config);
  const rule = ruleset.rules.find(({ id }) => id === finding.rule.id);
  if (rule === undefined) return `there is no rule ${finding.rule.id} in force: another configuration found this`;
  await desk.draft.lay(rule, config.text ?? "");
  return config;
}

/** The rules as they are before a change. */
function rulesInForce(config: UserConfig): Promise<LoadedRules> {
  return config.text === undefined ? loadRules({ config: "built-in" }) : loadDraft(config, config.text);
}

/** What the draft of a rule would change: in the configuration, and in what was found. */
export async function proposeRule(desk: RuleDesk, wish: WriteWish, context: Context): Promise<Proposal | string> {
  const config = await configOf(desk);
  if (typeof config === "string") return config;
  const block = await desk.draft.read();
  const { id } = wish.finding.rule;
  if (block === undefined) return "there is no draft";
  const before = await rulesInForce(config);
  const tried = withRule(textOf(config), id, block);
  const after = await loadDraft(config, tried);
  const touched = touchedRules(before.ruleset, after.ruleset);
  if (touched !== "all" && touched.size === 0) return `the draft changes nothing about ${id}`;
  const { keeper: _, ...options } = desk.options;
  const trial = await tryRules(
    {
      ...options,
      draft: { text: tried, name: config.path },
      cache: false,
      signal: AbortSignal.any([options.signal, context.signal]),
    },
    touched,
    after.ruleset,
    { targets: desk.targets(), findings: context.findings, told: context.told },
  );
  if (context.signal.aborted) return "stopped";
  const rule = after.ruleset.rules.find((one) => one.id === id);
  const keywords = before.ruleset.rules.find((one) => one.id === id)?.keywords ?? [];
  const example = rule === undefined ? undefined : await exampleOf(desk, wish, rule, keywords, after, block);
  const saved = example === undefined ? block : withExample(block, example.line);
  const text = withRule(textOf(config), id, saved);
  return {
    rows: [
      ...headRows(config),
      ...trialRows(trial),
      { text: "", tone: "plain" },
      ...saved
        .trimEnd()
        .split("\n")
        .map((line) => ({ text: `  ${line}`, tone: "dim" }) as const),
      ...(example === undefined
        ? [
            {
              text: "No example could be made of this finding: a text of its shape alone says otherwise.",
              tone: "dim",
            } as const,
          ]
        : []),
    ],
    async write() {
      await saveConfig(config, text);
      desk.reading.forgetRules();
      const { vanished, appeared } = trial;
      const said = `${id} saved in ${config.name}: ${vanished.length} vanish, ${appeared.length} appear with the next scan`;
      return { said, hidden: vanished.map(({ fingerprint }) => fingerprint), by: config.name };
    },
  };
}

function headRows({ name, text, note }: UserConfig): Proposal["rows"] {
  return [
    { text: `${name}${text === undefined ? " (a new file)" : ""}`, tone: "strong" },
    ...(note === "" ? [] : [{ text: note, tone: "alert" } as const]),
    { text: "", tone: "plain" },
  ];
}

/**
 * A template of the finding's shape as an example of the rule, or as a counter-example where the rule finds it no more. None where the draft has some, where the place cannot be read again, or where
 * the rule says otherwise of what is made of it.
 */
async function exampleOf(
  { reading }: RuleDesk,
  { finding, place }: WriteWish,
  rule: Rule,
  keywords: readonly string[],
  { ruleset }: LoadedRules,
  block: string,
): Promise<{ readonly line: string } | undefined> {
  const sighting = finding.sightings[place];
  if (sighting === undefined || rule.regex === undefined || /^\s*(?:counter_)?examples\s*=/im.test(block))
    return undefined;
  const bytes = await reading.read(sighting, finding);
  if (typeof bytes === "string") return undefined;
  const found = secretAt(bytes, finding, sighting, (await reading.rules()).detector);
  const template =
    found === undefined ? undefined : shapeTemplate(found.match, found.secret, [...rule.keywords, ...keywords]);
  if (template === undefined) return undefined;
  const detector = await openDetector({ ruleset, engine: await loadEngine(), decodeDepth: 0 });
  const isFound = secretAt(bytes, finding, sighting, detector) !== undefined;
  const examples = isFound
    ? { examples: [template], counterExamples: [] }
    : { examples: [], counterExamples: [template] };
  if (exampleFaults(rule, examples, detector, () => false).length > 0) return undefined;
  return { line: `${isFound ? "examples" : "counter_examples"} = [${JSON.stringify(template)}]` };
}

/** The block with a line behind the rule's id: further down may be tables of its own. */
function withExample(block: string, line: string): string {
  return block.replace(/^(\s*(?:id|"id"|'id')\s*=.*)$/im, (id) => `${id}\n${line}`);
}
