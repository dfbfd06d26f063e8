import type { Detector } from "../detect/index.ts";
import type { Rule } from "../model/rule.ts";
import { createRandom } from "../rules/random.ts";
import { fillTemplate } from "../rules/templates.ts";

/** What examples and counter-examples of a rule say against it, a line each; `detector` has the rule. */
export function exampleFaults(
  rule: Rule,
  given: { readonly examples: readonly string[]; readonly counterExamples: readonly string[] } | undefined,
  detector: Detector,
  matches: (pattern: string, text: string) => boolean,
): string[] {
  const finds = (template: string): boolean => {
    // Of a rule on paths alone they are paths.
    if (rule.regex === undefined) return matches(rule.path ?? "", template);
    const text = fillTemplate(template, createRandom(rule.id));
    return detector.scan(Buffer.from(`${text}\n`)).detections.some(({ ruleId }) => ruleId === rule.id);
  };
  return [
    ...(given?.examples ?? []).filter((one) => !finds(one)).map((one) => `its example is not found: ${one}`),
    ...(given?.counterExamples ?? []).filter(finds).map((one) => `its counter-example is found: ${one}`),
  ];
}
