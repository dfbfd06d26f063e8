import { readFile } from "node:fs/promises";
import type { Ruleset } from "../model/rule.ts";
import { asset } from "./assets.ts";

/** The rules that the program brings, as the build wrote them. Throws ToolError `not-built` when there are none. */
export async function builtinRules(): Promise<Ruleset> {
  // Written by our own build from checked rules, in the same package as this file.
  return JSON.parse(await readFile(asset("rules.json"), "utf8")) as Ruleset;
}
