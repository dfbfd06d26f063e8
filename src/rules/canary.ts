import type { Rule, Ruleset } from "../model/rule.ts";
import { createRandom } from "./random.ts";
import { sampleRegex } from "./regex-sample.ts";
import { parseRegex } from "./regex-syntax.ts";
import { fillTemplate } from "./templates.ts";

/** A text with a secret that nobody owns, made for one rule: a scan that does not report it would not report a real one. */
export interface Canary {
  readonly ruleId: string;
  readonly text: string;
  /** Made from an example of a rule of ours, which is known to be reported. A text drawn from a regex need not be: entropy and allowlists may refuse it. */
  readonly isKnown: boolean;
}

/** Example templates of the built-in rules (patterns/README.md), by rule id. */
export type RuleExamples = Readonly<Record<string, readonly string[]>>;

/** One would do; the others are for the day when one rule has a fault of its own. */
const mostCanaries = 3;
/** Own rules that are tried before a configuration is called one without canaries. */
const mostDrawnRules = 8;
const drawsForRule = 4;
const seed = "canary";

/**
 * Canaries for the rules of a scan: from examples of built-in rules among them, spread over all; where there are none, drawn from the regexes.
 * The same rules give the same texts. Empty where no rule can have one (rules on paths alone).
 */
export function canariesOf(ruleset: Ruleset, examples: RuleExamples): Canary[] {
  const able = ruleset.rules.filter(standsAlone);
  const known = able.filter(({ id, kind }) => kind === "token" && Object.hasOwn(examples, id));
  const withExamples =
    known.length > 0 ? known : able.filter(({ id, kind }) => kind !== "custom" && Object.hasOwn(examples, id));
  if (withExamples.length > 0)
    return spread(withExamples, mostCanaries).map(({ id }) => ({
      ruleId: id,
      text: fillTemplate(examples[id]?.[0] ?? "", createRandom(`${seed} ${id}`)),
      isKnown: true,
    }));
  return able.slice(0, mostDrawnRules).flatMap(drawn);
}

/** Whether one text can make the rule report something, whatever its path. */
function standsAlone({ regex, path, required, skipReport }: Rule): boolean {
  return regex !== undefined && path === undefined && required.length === 0 && !skipReport;
}

function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / most)]!);
}

function drawn({ id, regex }: Rule): Canary[] {
  try {
    const { root } = parseRegex(regex ?? "");
    return Array.from({ length: drawsForRule }, (_, draw) => ({
      ruleId: id,
      text: sampleRegex(root, createRandom(`${seed} ${id} ${draw}`)),
      isKnown: false,
    }));
  } catch {
    // What our parser does not understand, the engine may: no canary for this rule.
    return [];
  }
}
