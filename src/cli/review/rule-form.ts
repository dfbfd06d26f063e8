import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Finding } from "../../model/finding.ts";
import type { Rule } from "../../model/rule.ts";
import { errorMessage } from "../../model/thrown.ts";
import type { RuleForm } from "../../review/index.ts";
import { withBlock, withKey, withRule } from "../../rules/config-edit.ts";
import { literal } from "./rule-draft.ts";
import { loadDraft, textOf } from "./user-config.ts";
import { layRule, type RuleDesk } from "./write-rules.ts";

/** A rule of more is none. */
const maxBytes = 1 << 20;

/** What can be changed of a rule by one line. */
interface Field {
  readonly name: string;
  readonly now: (rule: Rule) => string;
  readonly change: (block: string, text: string) => string;
}

const list = (text: string): string =>
  `[${text
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map((word) => JSON.stringify(word))
    .join(", ")}]`;

const allowed = (block: string, ...lines: readonly string[]): string =>
  withBlock(block, ["[[rules.allowlists]]", ...lines].join("\n"));

const fields: readonly Field[] = [
  {
    name: "severity",
    now: ({ severity }) => severity,
    change: (block, text) => withKey(block, "severity", JSON.stringify(text.toLowerCase())),
  },
  {
    name: "entropy, in bits for each character (0: any)",
    now: ({ entropy }) => String(entropy),
    change: (block, text) => withKey(block, "entropy", /^\d+(?:\.\d+)?$/.test(text) ? text : JSON.stringify(text)),
  },
  {
    name: "regex",
    now: ({ regex }) => regex ?? "",
    change: (block, text) => withKey(block, "regex", literal(text)),
  },
  {
    name: "keywords, apart by spaces",
    now: ({ keywords }) => keywords.join(" "),
    change: (block, text) => withKey(block, "keywords", list(text)),
  },
  {
    name: "allow what a regex matches",
    now: () => "",
    change: (block, text) => allowed(block, 'regexTarget = "match"', `regexes = [${literal(text)}]`),
  },
  {
    name: "allow files whose path a regex matches",
    now: () => "",
    change: (block, text) => allowed(block, `paths = [${literal(text)}]`),
  },
  {
    name: "allow values that hold one of these words",
    now: () => "",
    change: (block, text) => allowed(block, `stopwords = ${list(text)}`),
  },
];

/** Lays out the rule of a finding as a form. What would be no configuration any more is refused at once, and the draft stays as it was. */
export async function openRuleForm(desk: RuleDesk, finding: Finding): Promise<RuleForm | string> {
  const config = await layRule(desk, finding);
  if (typeof config === "string") return config;
  const { id } = finding.rule;
  const ruleOf = async (block: string): Promise<Rule> => {
    const { ruleset } = await loadDraft(config, withRule(textOf(config), id, block));
    const rule = ruleset.rules.find((one) => one.id === id);
    if (rule === undefined) throw new Error(`it is no block of the rule ${id}`);
    return rule;
  };
  const blockNow = async (): Promise<string> => (await desk.draft.read()) ?? "";
  let rule = await ruleOf(await blockNow());
  const put = async (block: string): Promise<string> => {
    try {
      rule = await ruleOf(block);
      await desk.draft.replace(block);
      return "";
    } catch (error) {
      return errorMessage(error);
    }
  };
  return {
    name: config.name,
    get fields() {
      return fields.map(({ name, now }) => ({ name, now: now(rule) }));
    },
    async set(field, text) {
      const chosen = fields[field - 1];
      if (chosen === undefined) return `there are the numbers 1 to ${fields.length}`;
      return text === "" ? `${chosen.name}: what is it to be?` : put(chosen.change(await blockNow(), text));
    },
    async take(path) {
      try {
        return await put(await blockOf(path));
      } catch (error) {
        return errorMessage(error);
      }
    },
    lines: async () => (await blockNow()).trimEnd().split("\n"),
  };
}

async function blockOf(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const facts = await file.stat();
  if (!facts.isFile() || facts.size > maxBytes) throw new Error(`${path} is no file that holds a rule`);
  return file.readFile("utf8");
}
