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

/** Takes away the sightings at accepted places. */
export function gitleaksIgnoreDecider(places: ReadonlySet<string>): Decider {
  const isNamed = (sighting: FindingSighting): boolean => {
    const { origin, ruleId, startLine } = sighting;
    const path = originPath(origin).replaceAll("\\", "/");
    const commit = origin.kind === "git" ? (origin.commit?.id ?? "") : "";
    return (
      places.has(placeKey("", path, ruleId, startLine)) ||
      (commit !== "" && places.has(placeKey(commit, path, ruleId, startLine)))
    );
  };
  return (finding) =>
    places.size === 0 ? finding : withoutSightings(finding, isNamed, gitleaksIgnoreName, "accepted place");
}

function placeKey(commit: string, path: string, rule: string, line: number): string {
  return [commit, path, rule, line].join("\0");
}
