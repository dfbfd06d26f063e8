import { readFile, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { replaceFile } from "../../disk/index.ts";
import { ToolError } from "../../model/problem.ts";
import { codeBehind } from "../../model/thrown.ts";
import { configPlaces } from "../../rules/index.ts";
import { loadRules, type LoadedRules } from "../load-rules.ts";
import type { ScanOptions } from "../options.ts";

/** The configuration of the user that a scan like this one uses, or would use if it were there. */
export interface UserConfig {
  /** As people call it. */
  readonly name: string;
  readonly path: string;
  /** Undefined where there is no such file yet. */
  readonly text: string | undefined;
  /** What is to be known of it: a line, or empty. */
  readonly note: string;
}

/** What a new configuration begins with: the rules that leaktrace brings count on. */
const beginning = "[extend]\nuseDefault = true\n";

/** The largest configuration that is changed here; people write some kilobytes. */
const maxBytes = 4 << 20;

/** Finds the configuration in force for `target` (none: the current folder). A sentence where there is none that can be written. */
export async function findUserConfig(target: string | undefined, options: ScanOptions): Promise<UserConfig | string> {
  const { config } = options;
  const places = await configPlaces({
    ...(config === undefined ? {} : { config }),
    ...(target === undefined ? {} : { target }),
    cwd: process.cwd(),
    env: process.env,
  });
  const found = places.find(({ isThere }) => isThere);
  if (found?.value === "built-in") return "the built-in rules were asked for (-c built-in): no configuration counts";
  if (found?.name === "GITLEAKS_CONFIG_TOML")
    return "the configuration is the text of GITLEAKS_CONFIG_TOML: no file holds it";
  if (found !== undefined) {
    const name = found.value ?? found.name;
    // A link leads to the file that is meant; it stays a link.
    const path = await realpath(resolve(name)).catch(() => resolve(name));
    return { name, path, text: await readConfig(path, name), note: "" };
  }
  const last = places.find(({ name }) => name.endsWith(".leaktrace.toml"));
  const path = last?.name ?? join(process.cwd(), ".leaktrace.toml");
  return {
    name: path,
    path,
    text: undefined,
    note: last === undefined ? "Scans of what is no folder use it by -c .leaktrace.toml" : "",
  };
}

/** The text that a change is made to. */
export function textOf({ text }: UserConfig): string {
  return text ?? beginning;
}

/** Loads a text as the configuration. Throws ToolError where it is none. */
export function loadDraft({ path }: UserConfig, text: string): Promise<LoadedRules> {
  return loadRules({ draft: { text, name: path } });
}

/** Writes the text in place of the one that was read. Throws ToolError where the file has changed since, or cannot be written; then nothing was. */
export async function saveConfig(config: UserConfig, text: string): Promise<void> {
  await loadDraft(config, text);
  const check = async (): Promise<void> => {
    const now =
      (await stat(config.path).catch(() => undefined)) === undefined
        ? undefined
        : await readConfig(config.path, config.name);
    if (now !== config.text) throw new ToolError("rules-unwritable", `${config.name} has changed meanwhile`);
  };
  try {
    await replaceFile(config.path, text, check);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("rules-unwritable", `cannot write ${config.name}${codeBehind(error)}`, { cause: error });
  }
}

async function readConfig(path: string, name: string): Promise<string> {
  const facts = await stat(path);
  if (!facts.isFile() || facts.size > maxBytes)
    throw new ToolError("rules-unwritable", `${name} is no file that can be changed here`);
  return readFile(path, "utf8");
}
