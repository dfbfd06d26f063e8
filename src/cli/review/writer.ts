import type { Writer } from "../../review/index.ts";
import type { ScanOptions } from "../options.ts";
import type { PlaceReading } from "./reading.ts";
import { createRuleDraft } from "./rule-draft.ts";
import { openRuleForm } from "./rule-form.ts";
import { proposeIgnoreFile } from "./write-ignore-file.ts";
import { draftRule, proposeAllowlist, proposeRule } from "./write-rules.ts";
import { proposeMark } from "./write-mark.ts";

/** Writes marks into files that are here, decisions into the ignore file, and allowlists and rules into the user's configuration. `targets`: see `RuleDesk`. */
export function createWriter(
  reading: PlaceReading,
  options: ScanOptions,
  targets: () => readonly string[],
): Writer & Disposable {
  const draft = createRuleDraft();
  const desk = { reading, options, draft, targets };
  return {
    draft: (finding) => draftRule(desk, finding),
    form: (finding) => openRuleForm(desk, finding),
    propose(wish, context) {
      switch (wish.what) {
        case "mark":
          return proposeMark(wish.finding, wish.place, reading);
        case "allowlist":
          return proposeAllowlist(desk, wish, context);
        case "ignore-file":
          return proposeIgnoreFile(wish);
        case "rule":
          return proposeRule(desk, wish, context);
      }
    },
    [Symbol.dispose]: () => draft[Symbol.dispose](),
  };
}
