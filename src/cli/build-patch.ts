import { readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { buildFileKind } from "../build/names.ts";
import { sanitize } from "../model/sanitize.ts";
import type { Finding } from "../model/finding.ts";
import { unifiedDiff } from "../response/index.ts";
import type { CarriedRepository } from "./build-folder.ts";

/** A longer build file is not changed by a program. */
const maxLines = 5000;

/** Files that are nothing but secrets: a build can do without them, or has them mounted. */
const secretFile =
  /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|\.netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd|\.dockercfg|\.docker\/config\.json|\.aws\/\w+|\.ssh\/.+|id_(?:rsa|dsa|ecdsa|ed25519)|[\w.-]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk)|kubeconfig|credentials(?:\.\w+)?|secrets?\.\w+|service-account[\w.-]*\.json|terraform\.tfvars|[\w.-]+\.tfstate)$/i;

export interface BuildPatch {
  /** For `git apply` in the folder. Holds the secrets of lines that are taken out. */
  readonly text: string;
  /** Ids that a build then has to be given. */
  readonly secrets: readonly string[];
  /** What has to be done by hand, one line each. Not escaped yet. */
  readonly byHand: readonly string[];
}

/**
 * What can be changed by itself in a folder that an image is built from, so that these secrets do not come into the next one. `repositories`: those that builds take along,
 * where the history of one holds some.
 */
export async function patchBuilds(
  folder: string,
  findings: readonly Finding[],
  repositories: readonly CarriedRepository[],
): Promise<BuildPatch> {
  const { rewriteDockerfile } = await import("../build/index.ts");
  const values = new Map<string, Set<string>>();
  const ignored = new Map<string, Set<string>>();
  const byHand = new Set<string>();
  const copied = new Map<string, CopiedFile>();
  for (const { secret, sightings } of findings) {
    for (const { origin, startLine } of sightings) {
      if (origin.kind !== "file") continue;
      const path = relative(folder, origin.path).split(sep).join("/");
      if (buildFileKind(path.slice(path.lastIndexOf("/") + 1)) === "dockerfile") {
        if (secret !== undefined && secret !== "") add(values, path, secret);
        continue;
      }
      for (const { file, line, lines, context = "", into } of origin.carried ?? []) {
        if (lines !== undefined || into !== "layer") {
          if (lines === undefined || (lines.from <= startLine && startLine <= lines.to))
            byHand.add(
              `${path}:${startLine}: leave out what ${file} line ${line} makes a build argument of; mount it as a secret`,
            );
          continue;
        }
        const pattern = secretFile.test(path) ? patternOf(inContext(path, context)) : undefined;
        if (pattern !== undefined) add(ignored, ignoreOf(folder, file, context), pattern);
        else noteCopied(copied, path, startLine, file, line);
      }
    }
  }
  for (const { path, carrier } of repositories) {
    const pattern = patternOf(inContext(path, carrier.context));
    if (pattern !== undefined) add(ignored, ignoreOf(folder, carrier.file, carrier.context), pattern);
  }
  for (const [path, one] of copied) byHand.add(copiedText(path, one));
  const secrets = new Set<string>();
  const parts: string[] = [];
  for (const [path, found] of [...values].sort(byName)) {
    const before = readFileSync(join(folder, path), "utf8");
    if (before.split("\n").length > maxLines) continue;
    const {
      text,
      secrets: needed,
      left,
    } = rewriteDockerfile(
      before,
      [...found].sort((a, b) => b.length - a.length),
    );
    for (const id of needed) secrets.add(id);
    for (const { line, why } of left) byHand.add(`${path}:${line}: ${why}`);
    parts.push(unifiedDiff(path, before, text));
  }
  for (const [path, patterns] of [...ignored].sort(byName)) {
    const before = has(folder, path) ? readFileSync(join(folder, path), "utf8") : undefined;
    if ((before?.split("\n").length ?? 0) > maxLines) continue;
    const end = before === undefined || before === "" || before.endsWith("\n") ? "" : "\n";
    parts.push(unifiedDiff(path, before, `${before ?? ""}${end}${[...patterns].sort().join("\n")}\n`));
  }
  return { text: parts.join(""), secrets: [...secrets].sort(), byHand: [...byHand].sort() };
}

/** A file that the program needs, with secrets: their lines, and the lines of build files that copy it. */
interface CopiedFile {
  readonly lines: Set<number>;
  readonly by: Map<string, Set<number>>;
}

function noteCopied(copied: Map<string, CopiedFile>, path: string, at: number, file: string, line: number): void {
  const one = copied.get(path) ?? { lines: new Set(), by: new Map<string, Set<number>>() };
  copied.set(path, one);
  one.lines.add(at);
  one.by.set(file, (one.by.get(file) ?? new Set()).add(line));
}

/** One line for a file, however often it is copied. */
function copiedText(path: string, { lines, by }: CopiedFile): string {
  const ordered = (numbers: ReadonlySet<number>): number[] => [...numbers].sort((a, b) => a - b);
  const named = [...by]
    .sort(byName)
    .map(([file, at]) => `${file} line${at.size > 1 ? "s" : ""} ${ordered(at).join(", ")}`);
  const copies = [...by.values()].reduce((sum, at) => sum + at.size, 0) > 1 ? "copy" : "copies";
  const values = lines.size > 1 ? "values" : "value";
  const places = ordered(lines).join(", ");
  return `${path}:${places}: take the ${values} out; ${named.join(" and ")} ${copies} the file, and the program needs it`;
}

function inContext(path: string, context = ""): string {
  return context === "" ? path : path.slice(context.length + 1);
}

/** The ignore file of a build: the one of its Dockerfile where there is one. */
function ignoreOf(folder: string, file: string, context = ""): string {
  const own = `${file}.dockerignore`;
  return has(folder, own) ? own : context === "" ? ".dockerignore" : `${context}/.dockerignore`;
}

/** A line of an ignore file that means this path and no other; undefined where there is none. */
function patternOf(path: string): string | undefined {
  if (sanitize(path) !== path || path.trim() !== path) return undefined;
  const escaped = path.replace(/[\\*?[\]]/g, "\\$&");
  return /^[#!]/.test(escaped) ? `./${escaped}` : escaped;
}

function has(folder: string, path: string): boolean {
  return statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true;
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
