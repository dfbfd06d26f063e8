import { expect } from "vitest";
import type { GitOrigin } from "../../../src/model/content.ts";
import type { Finding, FindingSighting, Report } from "../../../src/model/finding.ts";
import { leaktrace, type Ran } from "../../cli/scan-program.ts";

/** What a scan of repositories says, by secret. */
export interface Seen {
  readonly ran: Ran;
  readonly sightings: ReadonlyMap<string, readonly FindingSighting[]>;
  readonly ledger: Omit<Report, "findings">;
  /** The origins of a secret. */
  readonly origins: (secret: string) => GitOrigin[];
  /** `path [ways]` of each place of a secret, sorted. */
  readonly places: (secret: string) => string[];
}

/** Scans with the built program and reads its own report. */
export function scanPlaces(args: readonly string[], rules: string): Seen {
  const ran = leaktrace([...args, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal"]);
  expect(ran.stdout, ran.stderr).not.toBe("");
  const lines = ran.stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  // Our own report, of the shape that the model says.
  const findings = lines.slice(0, -1) as Finding[];
  const ledger = lines.at(-1) as Omit<Report, "findings">;
  const sightings = new Map(findings.map((finding) => [String(finding.secret), finding.sightings]));
  const origins = (secret: string): GitOrigin[] =>
    (sightings.get(secret) ?? []).flatMap(({ origin }) => (origin.kind === "git" ? [origin] : []));
  const places = (secret: string): string[] =>
    origins(secret)
      .map(({ path, reachedBy }) => `${path} [${(reachedBy ?? []).join(" ")}]`)
      .sort();
  return { ran, sightings, ledger, origins, places };
}
