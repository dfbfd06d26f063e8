import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSource } from "./load-source.mjs";

/** The examples of all built-in rules that report, filled with fresh values. @returns `{ rule, kind, text }`, the same for the same seed */
export async function ruleExamples(seed) {
  const { readPatternFile } = await loadSource("src/rules/build.ts");
  const { fillTemplate } = await loadSource("src/rules/templates.ts");
  const { createRandom } = await loadSource("src/rules/random.ts");
  const folder = join(import.meta.dirname, "../patterns");
  const names = readdirSync(folder).filter((name) => name.endsWith(".toml"));
  const random = createRandom(seed);
  return names.toSorted().flatMap((name) =>
    readPatternFile(readFileSync(join(folder, name), "utf8"), name).rules.flatMap(
      ({ id, kind, examples, regex, skipReport }) =>
        // Examples of rules on paths alone are paths; public keys are told beside private ones.
        (regex === undefined || skipReport === true ? [] : examples).map((template) => ({
          rule: id,
          kind,
          text: fillTemplate(template, random),
        })),
    ),
  );
}
