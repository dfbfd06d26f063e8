import { isAbsolute, relative } from "node:path";
import { originPath } from "../model/content.ts";
import type { FindingSighting } from "../model/finding.ts";
import { withoutSightings, type Decider } from "./decide.ts";

/** The name of gitleaks' list of accepted places. */
export const gitleaksIgnoreName = ".gitleaksignore";

/**
 * Reads the text of a `.gitleaksignore`: `file:rule:line` accepts a place in any commit, `commit:file:rule:line` in one. Paths can hold
 * colons here, because rule and line are taken from the end. Gives the places as `matches` wants them, and the numbers of other lines.
 */
export function parseGitleaksIgnore(text: string): { places: ReadonlySet<string>; badLines: readonly number[] } {
  const places = new Set<string>();
  const badLines: number[] = [];
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const parts = /^(?:([0-9a-fA-F]{40}|[0-9a-fA-F]{64}):)?(.+):([^:\s]+):(\d+)$/.exec(line);
    const [, commit, path, rule, number] = parts ?? [];
    if (path === undefined || rule === undefined || number === undefined) badLines.push(i + 1);
    else places.add(placeKey(commit?.toLowerCase() ?? "", path.replaceAll("\\", "/"), rule, Number(number)));
  }
  return { places, badLines };
}

/** The line of a `.gitleaksignore` that accepts one sighting; also gitleaks' `Fingerprint` of it. */
export function gitleaksFingerprint(sighting: FindingSighting): string {
  const { origin } = sighting;
  const commit = origin.kind === "git" && origin.commit !== undefined ? `${origin.commit.id}:` : "";
  return `${commit}${originPath(origin)}:${sighting.ruleId}:${sighting.startLine}`;
}

/** What the places of a list are held against. */
export interface IgnoreContext {
  /** The folder of the list: paths of files in it may be written as seen from there. */
  readonly folder?: string;
  /** Whether a rule has this id. A place under an id that none has (gitleaks calls its rules otherwise) is accepted whatever rule finds something there. */
  readonly isRule?: (id: string) => boolean;
}

/** The ids of a list that no rule has, sorted. */
export function foreignRules(places: ReadonlySet<string>, isRule: (id: string) => boolean): readonly string[] {
  const ids = new Set([...places].map((key) => key.split("\0")[2] ?? ""));
  return [...ids].filter((id) => !isRule(id)).sort();
}

/** Takes away the sightings at accepted places. */
export function gitleaksIgnoreDecider(places: ReadonlySet<string>, { folder, isRule }: IgnoreContext = {}): Decider {
  const accepted = new Set(places);
  for (const key of places) {
    const [commit = "", path = "", rule = "", line] = key.split("\0");
    if (isRule !== undefined && !isRule(rule)) accepted.add(placeKey(commit, path, anyRule, Number(line)));
  }
  const isNamed = (sighting: FindingSighting): boolean => {
    const { origin, ruleId, startLine } = sighting;
    const path = originPath(origin).replaceAll("\\", "/");
    const inFolder = origin.kind === "file" && folder !== undefined ? pathFrom(folder, path) : undefined;
    const commit = origin.kind === "git" ? (origin.commit?.id ?? "") : "";
    const paths = inFolder === undefined ? [path] : [path, inFolder];
    const commits = commit === "" ? [""] : ["", commit];
    return paths.some((name) =>
      commits.some((id) => [ruleId, anyRule].some((rule) => accepted.has(placeKey(id, name, rule, startLine)))),
    );
  };
  return (finding) =>
    places.size === 0 ? finding : withoutSightings(finding, isNamed, gitleaksIgnoreName, "accepted place");
}

/** Stands where any rule may; no rule has an empty id. */
const anyRule = "";

/** A path as seen from a folder that holds it. */
function pathFrom(folder: string, path: string): string | undefined {
  const seen = relative(folder, path).replaceAll("\\", "/");
  return seen === "" || seen === ".." || seen.startsWith("../") || isAbsolute(seen) ? undefined : seen;
}

function placeKey(commit: string, path: string, rule: string, line: number): string {
  return [commit, path, rule, line].join("\0");
}
