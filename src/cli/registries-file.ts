import { readFile, stat } from "node:fs/promises";
import { parse } from "smol-toml";
import { ToolError } from "../model/problem.ts";
import { RegistriesConf, RegistriesConfFault, type ImageReference, type Route } from "../registry/index.ts";

const mostBytes = 1 << 20;

/** Where an image lies, as the user's `registries.conf` at `path` says. Throws ToolError where that cannot be read. */
export async function readRegistriesConf(path: string, name: string, reference: ImageReference): Promise<Route> {
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size > mostBytes) throw new RegistriesConfFault("it is no file of a sensible size");
    return new RegistriesConf(parse(await readFile(path, "utf8"))).route(name, reference);
  } catch (error) {
    // Of a file that cannot be read as TOML only the place is told: it may be any file.
    const told = error instanceof RegistriesConfFault ? error.message : "it cannot be read, or is no TOML";
    throw new ToolError("config-unreadable", `${path}: ${told}`, { cause: error });
  }
}
