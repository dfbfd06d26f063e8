import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A configuration of git is some hundred lines; a file of more is none. */
const maxConfigLength = 1 << 20;

/** The address that a repository was cloned from. */
export async function remoteOf(repository: string): Promise<string | undefined> {
  if (/^(?:https?|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(repository)) return repository;
  const { findRepository } = await import("../sources/git/repository.ts");
  const found = findRepository(repository);
  const path = found === undefined ? "" : join(found.commonDir, "config");
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8").slice(0, maxConfigLength);
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
