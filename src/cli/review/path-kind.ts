import { statSync } from "node:fs";

/** What lies at a path that a report or case names: it can be anything, as can its name. Undefined for what is neither file nor folder, or not there. */
export function kindAt(path: string): "file" | "folder" | undefined {
  if (path === "") return undefined;
  try {
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts?.isFile() === true ? "file" : facts?.isDirectory() === true ? "folder" : undefined;
  } catch {
    // A name that the system takes for none.
    return undefined;
  }
}
