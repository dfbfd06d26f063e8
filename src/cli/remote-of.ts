import { join } from "node:path";
import { readFileIfThere } from "../content/whole-file.ts";

/** A configuration of git is some hundred lines; a file of more is none. */
const maxConfigBytes = 1 << 22;

/** The address that a repository was cloned from. */
export async function remoteOf(repository: string): Promise<string | undefined> {
  if (/^(?:https?|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(repository)) return repository;
  const { findRepository } = await import("../sources/git/repository.ts");
  const found = findRepository(repository);
  if (found === undefined) return undefined;
  const text = textOf(join(found.commonDir, "config"));
  let remote = "";
  const urls = new Map<string, string>();
  for (const line of text.split("\n")) {
    const section = /^\s*\[\s*([\w.-]+)(?:\s+"([^"]*)")?\s*\]/.exec(line);
    if (section !== null) remote = section[1]?.toLowerCase() === "remote" ? (section[2] ?? "") : "";
    const url = /^\s*url\s*=\s*(\S+)\s*$/i.exec(line)?.[1];
    if (remote !== "" && url !== undefined && !urls.has(remote)) urls.set(remote, url);
  }
  return urls.get("origin") ?? [...urls.values()][0];
}

/** Nothing where it is no file that can be read: the scan tells of it. */
function textOf(path: string): string {
  try {
    return readFileIfThere(path, maxConfigBytes)?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}
