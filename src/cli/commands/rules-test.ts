import { explain, headBytes } from "../../detect/index.ts";
import { ToolError } from "../../model/problem.ts";
import { finishRuleset } from "../../rules/ruleset.ts";
import { writeLines } from "../../report/index.ts";
import { createRandom } from "../../rules/random.ts";
import { fillTemplate } from "../../rules/templates.ts";
import { builtinExamples } from "../builtin-rules.ts";
import { exitCodes } from "../exit.ts";
import { stepText } from "../explain/text.ts";
import { defaultDecodeDepth } from "../flags-read.ts";
import { loadRules, ruleOf } from "../load-rules.ts";
import { openDetector } from "../own-detector.ts";
import { readBounded } from "../read-bounded.ts";

/** More is a matter for a scan. */
const maxBytes = 64 << 20;

/**
 * `rules test <id> [file|-]`: what one rule makes of a text, keyword by keyword; without one, of an example made for it. Exit code 1 where it
 * reports something, else 0.
 */
export async function run([id = "", path]: readonly string[], options: { readonly config?: string }): Promise<number> {
  const { ruleset, engine } = await loadRules(options);
  const rule = ruleOf(ruleset, id);
  if (rule.toldBy !== undefined)
    throw new ToolError("usage", `${id} looks at no text: rules show ${id} says what tells it`);
  if (rule.regex === undefined && path === undefined)
    throw new ToolError("usage", `${id} is a rule on paths: name a file that lies at one`);
  const parts = new Set([id, ...rule.required.map((part) => part.id)]);
  const bytes = path === undefined ? await exampleOf(id) : await read(path);
  const detector = await openDetector({
    ruleset: finishRuleset(
      ruleset.rules.filter((one) => parts.has(one.id)),
      ruleset.allowlists,
      ruleset.origin,
    ),
    engine,
    decodeDepth: defaultDecodeDepth,
  });
  if (rule.regex === undefined) {
    const found = detector.files.look(path ?? "", bytes.subarray(0, headBytes), bytes.length);
    const facts = found.flatMap((one) => one.facts);
    const isAsked = detector.files.asks(path ?? "");
    const what =
      found.length > 0
        ? ["It names this file.", ...facts]
        : [isAsked ? "The path fits, the file does not." : "The path does not fit."];
    await writeLines(what, process.stdout);
    return found.length > 0 ? exitCodes.found : exitCodes.clean;
  }
  const { steps, detections } = explain(detector, bytes, 0, bytes.length);
  const secrets = steps.flatMap(({ outcome }) => outcome?.secret ?? []);
  const lines = steps.flatMap((step) => [...stepText(step, secrets, { line: lineOf(bytes, step.at) })]);
  if (path === undefined) lines.unshift("An example made for this rule:", "");
  if (steps.length === 0)
    lines.push(
      rule.keywords.length === 0
        ? "It finds nothing."
        : `None of its keywords stands there: ${rule.keywords.join(", ")}`,
    );
  await writeLines(lines, process.stdout);
  return detections.length > 0 ? exitCodes.found : exitCodes.clean;
}

async function exampleOf(id: string): Promise<Buffer> {
  const template = (await builtinExamples())[id]?.[0];
  if (template === undefined)
    throw new ToolError("usage", `there is no example of ${id}: name a file, or - for standard input`);
  return Buffer.from(`${fillTemplate(template, createRandom(id))}\n`);
}

async function read(path: string): Promise<Buffer> {
  const bytes = await readBounded(path, maxBytes).catch((error: unknown) => {
    throw new ToolError("no-target", `${path} cannot be read`, { cause: error });
  });
  if (bytes !== undefined) return bytes;
  throw new ToolError("too-large", `${path === "-" ? "standard input" : path} is too large (64 MiB at most)`);
}

function lineOf(bytes: Buffer, at: number): number {
  let line = 1;
  for (let end = bytes.indexOf(10); end >= 0 && end < at; end = bytes.indexOf(10, end + 1)) line++;
  return line;
}
