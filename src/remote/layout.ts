import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdBytes } from "../model/object-id.ts";
import type { OfferedRef } from "./advertisement.ts";

/** Makes the folders of a bare repository (gitrepository-layout). */
export function createLayout(folder: string): void {
  for (const below of ["objects/pack", "refs"]) mkdirSync(join(folder, below), { recursive: true });
}

/** Writes all of a bare repository but its objects. Gives how many refs have names that no ref can have: those are left out. */
export function writeRefs(
  folder: string,
  refs: readonly OfferedRef[],
  shallow: readonly string[],
  idBytes: IdBytes,
): number {
  writeFileSync(join(folder, "config"), configurationOf(idBytes === 32 ? ["objectformat = sha256"] : []));
  const head = refs.find(({ name }) => name === "HEAD");
  const target = head?.target !== undefined && isRefName(head.target) ? head.target : "refs/heads/main";
  const isDetached = head !== undefined && head.target === undefined && head.oid !== "";
  writeFileSync(join(folder, "HEAD"), isDetached ? `${head.oid}\n` : `ref: ${target}\n`);
  const others = refs.filter(({ name }) => name !== "HEAD");
  const named = new Map(others.filter(({ name }) => isRefName(name)).map((ref) => [ref.name, ref]));
  const sorted = [...named.values()].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const lines = sorted.flatMap(({ name, oid, peeled }) => [
    `${oid} ${name}`,
    ...(peeled === undefined ? [] : [`^${peeled}`]),
  ]);
  if (lines.length > 0)
    writeFileSync(join(folder, "packed-refs"), `# pack-refs with: peeled fully-peeled sorted \n${lines.join("\n")}\n`);
  writeShallow(folder, shallow);
  return others.length - others.filter(({ name }) => isRefName(name)).length;
}

/**
 * Leaves in a repository that git made only what says how it is kept: what was scanned should not depend on how it came here, and the configuration names
 * the place it came from.
 */
export function reduceLayout(folder: string): void {
  const path = join(folder, "config");
  const extensions = readFileSync(path, "utf8").match(/^\s*(?:objectformat|refstorage) = \w+$/gim) ?? [];
  writeFileSync(
    path,
    configurationOf(
      extensions.map((line) => line.trim().toLowerCase()).filter((line) => !/ = (?:sha1|files)$/.test(line)),
    ),
  );
  // git writes some of them twice.
  const shallow = join(folder, "shallow");
  if (existsSync(shallow)) writeShallow(folder, readFileSync(shallow, "utf8").trimEnd().split("\n"));
  for (const name of ["FETCH_HEAD", "description", "branches", "hooks", "info"])
    rmSync(join(folder, name), { recursive: true, force: true });
}

/** Where history is cut off (gitrepository-layout, `shallow`): commits whose parents are elsewhere. */
function writeShallow(folder: string, commits: readonly string[]): void {
  const ids = [...new Set(commits)].sort();
  if (ids.length > 0) writeFileSync(join(folder, "shallow"), `${ids.join("\n")}\n`);
}

/** The configuration of a bare repository (git-config, `core.repositoryFormatVersion`). */
function configurationOf(extensions: readonly string[]): string {
  const lines = extensions.length === 0 ? [] : ["[extensions]", ...extensions.map((line) => `\t${line}`)];
  const version = extensions.length === 0 ? 0 : 1;
  return ["[core]", `\trepositoryformatversion = ${version}`, "\tbare = true", ...lines, ""].join("\n");
}

/** Whether git takes a name for a ref (git-check-ref-format). Whatever fits no line of a file, or leads out of a folder, does not. */
function isRefName(name: string): boolean {
  return (
    name.startsWith("refs/") &&
    !/\p{Cc}|[ ~^:?*[\\]|\.\.|@\{|\/\/|[/.]$|\ufffd/u.test(name) &&
    name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"))
  );
}
