import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { findingToRecord } from "../../findings/index.ts";
import type { GitOrigin, Origin } from "../../model/content.ts";
import type { Finding } from "../../model/finding.ts";
import { errorMessage } from "../../model/thrown.ts";
import { remoteOf } from "../remote-of.ts";
import { commitPage } from "./commit-page.ts";
import type { Outside, ProgramStart } from "../../review/index.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the review does outside of its terminal, for this user and this folder. */
export function createOutside(env: Environment = process.env): Outside {
  return {
    edit: (finding, place) => Promise.resolve(editorFor(finding, place, env)),
    page: (finding, place) => pageFor(finding, place, env),
    save,
  };
}

/**
 * The user's editor at the line, by the shell, as git starts it: the variable may hold flags. Only for files that are there: a copy of what leaked would be one more
 * place where it lies.
 */
function editorFor(finding: Finding, place: number, env: Environment): ProgramStart | string {
  const sighting = finding.sightings[place];
  const path = sighting === undefined ? undefined : fileOf(sighting.origin);
  if (sighting === undefined || path === undefined)
    return "no file of it is here to be edited; 2 shows the lines around it";
  return editorAt(path, sighting.startLine, env);
}

/** The user's editor for a file, at a line from 1. */
export function editorAt(path: string, line: number, env: Environment = process.env): ProgramStart {
  const editor = [env["VISUAL"], env["EDITOR"], "vi"].find((one) => one !== undefined && one.trim() !== "") ?? "vi";
  return {
    command: "/bin/sh",
    args: ["-c", `${editor} "$@"`, "sh", ...lineArguments(editor, path, line)],
  };
}

function lineArguments(editor: string, path: string, line: number): readonly string[] {
  const name = /([^/\s]+)(?:\s|$)/.exec(editor.trim())?.[1] ?? "";
  if (/^(?:code|codium|code-insiders|cursor)$/.test(name)) return ["--goto", `${path}:${line}`];
  return /^(?:subl|hx|helix|zed)$/.test(name) ? [`${path}:${line}`] : [`+${line}`, path];
}

/** The file of a place: of a folder, or of the working tree beside a repository, where it is checked out. */
export function fileOf(origin: Origin): string | undefined {
  if (origin.member !== undefined) return undefined;
  if (origin.kind === "file") return existing(resolve(origin.path));
  if (origin.kind !== "git" || origin.path === "" || /(?:^|\/)\.\.(?:\/|$)/.test(origin.path)) return undefined;
  return existing(resolve(workingTreeOf(origin), origin.path));
}

/** The folder in which a repository's files are checked out, where any are. */
export function workingTreeOf({ repository }: GitOrigin): string {
  return repository.replace(/\/?\.git\/?$/, "") || ".";
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

async function pageFor(
  finding: Finding,
  place: number,
  env: Environment,
): Promise<{ readonly url: string; readonly opener?: ProgramStart } | string> {
  const origin = finding.sightings[place]?.origin;
  if (origin?.kind !== "git" || origin.commit === undefined) return "no commit brought it, so it has no page";
  const remote = await remoteOf(origin.repository);
  const url = remote === undefined ? undefined : commitPage(remote, origin.commit.id);
  if (url === undefined) return "the repository has no remote with web pages";
  const opener = openerOf(env);
  return opener === undefined ? { url } : { url, opener: { command: opener, args: [url] } };
}

/** The program that opens pages on this desktop; none over ssh, or in a container. */
function openerOf(env: Environment): string | undefined {
  const hasDesktop =
    process.platform === "darwin" || [env["DISPLAY"], env["WAYLAND_DISPLAY"]].some((display) => (display ?? "") !== "");
  if (!hasDesktop) return undefined;
  const name = process.platform === "darwin" ? "open" : "xdg-open";
  return (env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, name))
    .find(existsSync);
}

/** A file of JSON lines for the user alone, which `leaktrace review` reads; without its ledger line, for it is not all of a scan. */
async function save(findings: readonly Finding[]): Promise<string> {
  const name = `leaktrace-review-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-")}.jsonl`;
  try {
    await using file = await open(name, "wx", 0o600);
    for (const finding of findings) await file.write(`${JSON.stringify(findingToRecord(finding))}\n`);
    await file.sync();
  } catch (error) {
    return `not exported: ${errorMessage(error)}`;
  }
  return `${findings.length.toLocaleString("en")} exported, masked, to ${name}`;
}
