import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rule } from "../../model/rule.ts";
import { ruleBlock } from "../../rules/config-edit.ts";

/** The text of a rule while it is edited: in a private folder, which goes with the review. */
export interface RuleDraft extends Disposable {
  readonly path: string;
  /** Lays out the rule, unless this very one lies there already. */
  lay(rule: Rule, config: string): Promise<void>;
  /** Puts another text in its place; `lay` came before. */
  replace(block: string): Promise<void>;
  /** What was made of it: without lines that only explain. Undefined where nothing was laid out. */
  read(): Promise<string | undefined>;
}

const maxLength = 1 << 20;

/** Begins a line that explains, or shows what the rule says now. */
const mark = "#:";

/** A draft of which nothing is on the disk before the first one is laid out. */
export function createRuleDraft(): RuleDraft {
  let folder: string | undefined;
  let laid = "";
  const path = (): string => join((folder ??= mkdtempSync(join(tmpdir(), "leaktrace-rule-"))), "rule.toml");
  return {
    get path() {
      return path();
    },
    async lay(rule, config) {
      if (laid === rule.id) return;
      await writeFile(path(), draftOf(rule, config), { mode: 0o600 });
      laid = rule.id;
    },
    async replace(block) {
      await writeFile(path(), block, { mode: 0o600 });
    },
    async read() {
      if (laid === "") return undefined;
      const text = (await readFile(path(), "utf8")).slice(0, maxLength);
      const lines = text.split(/\r?\n/).filter((line) => !line.startsWith(mark));
      return `${lines.join("\n").trim()}\n`;
    },
    [Symbol.dispose]() {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The rule's block of the configuration; where there is none, one that changes nothing yet, with what can be changed. */
function draftOf(rule: Rule, config: string): string {
  const span = ruleBlock(config, rule.id);
  const head = [
    `The rule ${rule.id}. Save it and leave the editor: then you see what appears and vanishes, and nothing is written before you say so.`,
    "Lines that begin with #: are left out.",
  ];
  if (span !== undefined) return `${head.map(explained).join("\n")}\n\n${config.slice(span.start, span.end)}`;
  const { description, severity, regex, entropy, keywords } = rule;
  const now = [
    "What you do not give stays as it is. To change a value, take away its #: and edit it.",
    `description = ${JSON.stringify(description)}`,
    `severity = ${JSON.stringify(severity)}`,
    ...(regex === undefined ? [] : [`regex = ${literal(regex)}`]),
    `entropy = ${entropy}`,
    `keywords = [] # more of them, beside ${keywords.map((one) => JSON.stringify(one)).join(", ")}`,
    "An allowlist of the rule: what any of these says is not reported.",
    "[[rules.allowlists]]",
    `regexTarget = "match" # secret, match, line`,
    "regexes = ['''…''']",
    "paths = ['''^docs/''']",
    "stopwords = []",
  ];
  const known = [`[[rules]]`, `id = ${JSON.stringify(rule.id)}`];
  return `${head.map(explained).join("\n")}\n\n${known.join("\n")}\n${now.map(explained).join("\n")}\n`;
}

function explained(line: string): string {
  return `${mark} ${line.replace(/\s/g, " ")}`;
}

/** A text of TOML in which a regex stands as it is, where that is possible. */
export function literal(regex: string): string {
  return /'''|[\p{Cc}]/u.test(regex) || regex.endsWith("'") ? JSON.stringify(regex) : `'''${regex}'''`;
}
