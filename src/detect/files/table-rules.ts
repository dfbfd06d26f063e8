import type { Detection } from "../../model/detection.ts";
import type { Ruleset } from "../../model/rule.ts";
import { tableTag } from "../../model/told-by.ts";
import type { LayerDifference } from "../../model/unit.ts";

/** Asks the rules that are told by a layer's table of contents. */
export interface TableRules {
  /** What they say of a file of which table and tar differ: no value is found, so what is known of it is what each of them says. */
  tell(difference: LayerDifference): Detection[];
}

/** Those rules of a ruleset. */
export function tableRulesOf({ rules }: Ruleset): TableRules {
  const own = rules.filter(({ toldBy, skipReport }) => toldBy === "layer-table" && !skipReport);
  return {
    tell: ({ path, text }) =>
      own.map(({ id, confidence, tags }) => ({
        ...{ ruleId: id, start: 0, end: 0, secret: "", match: text, line: text },
        ...{ startLine: 0, endLine: 0, startColumn: 0, endColumn: 0 },
        ...{
          entropy: 0,
          bits: 0,
          confidence,
          facts: [text],
          tags: [...new Set([...tags, tableTag])],
          identity: `${id} ${path} ${text}`,
        },
      })),
  };
}
