import { readFile } from "node:fs/promises";
import { ToolError } from "../model/problem.ts";
import type { Ruleset } from "../model/rule.ts";

/** Where the build puts the rules, seen from a bundle, a chunk of it, or this source file. */
const places = ["./rules.json", "../rules.json", "../../dist/rules.json"];

/** The rules that the program brings, as the build wrote them. Throws ToolError `not-built` when there are none. */
export async function builtinRules(): Promise<Ruleset> {
  for (const place of places) {
    const text = await readFile(new URL(place, import.meta.url), "utf8").catch(() => undefined);
    // Written by our own build from checked rules, in the same package as this file.
    if (text !== undefined) return JSON.parse(text) as Ruleset;
  }
  throw new ToolError("not-built", "the built-in rules are missing", {
    hint: "Run npm run build, or install the package again.",
  });
}
