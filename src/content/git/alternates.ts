import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { isRegularFile } from "../regular-file.ts";

/** Alternates may point at folders that have alternates; git stops at five. */
const maxAlternateDepth = 5;

/**
 * An `objects` folder and those that it borrows from (gitrepository-layout, `objects/info/alternates`), each once, absolute, itself first.
 * Folders that are not there are listed in `faults`.
 */
export function withAlternates(objects: string, faults: { subject: string; message: string }[]): string[] {
  const found: string[] = [];
  const add = (folder: string, depth: number): void => {
    if (found.includes(folder)) return;
    if (!existsSync(folder)) {
      faults.push({ subject: folder, message: "object folder is missing" });
      return;
    }
    found.push(folder);
    const list = join(folder, "info", "alternates");
    if (depth >= maxAlternateDepth || !isRegularFile(list)) return;
    for (const line of readFileSync(list, "utf8").split("\n")) {
      if (line === "" || line.startsWith("#")) continue;
      add(isAbsolute(line) ? resolve(line) : resolve(folder, line), depth + 1);
    }
  };
  add(resolve(objects), 0);
  return found;
}
