import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { writeLines } from "../../report/index.ts";
import { contentOf, explainedLines, lineSpan, openDetector, readWhole, type Place } from "../explain/explained.ts";
import { readAsked } from "../explain/place.ts";
import type { ScanOptions } from "../options.ts";
import { targetOf, type Target } from "../targets.ts";
import { prepareScan } from "../setup.ts";
import { loadRuleNotes } from "../rule-notes.ts";
import { showProgress } from "../progress.ts";

/** Places of one finding that are explained. */
const maxPlaces = 3;

/**
 * `leaktrace explain FILE:LINE | ID | COMMIT:FILE:LINE [target]`: what every rule made of a place, step by step. `target` (the current folder) is
 * where commits and findings are looked for, and files that are not here. Gives the exit code: 0, whatever is found.
 */
export async function run([text = "", target = "."]: readonly string[], options: ScanOptions): Promise<number> {
  const asked = readAsked(text, (path) => [path, join(target, path)].find((one) => existsSync(one)));
  const where = targetOf(target, "any");
  const from: Target = asked.kind === "line" ? { name: asked.path, as: "any" } : where;
  const prepared = await prepareScan([from], options);
  const places = await placesOf(asked, where, options);
  const detector = await openDetector(prepared);
  const notesOf = await loadRuleNotes();
  for (const place of places) await writeLines(explainedLines(place, detector, prepared, notesOf), process.stdout);
  return 0;
}

async function placesOf(asked: ReturnType<typeof readAsked>, where: Target, options: ScanOptions): Promise<Place[]> {
  const target = where.name;
  switch (asked.kind) {
    case "line": {
      const { path, line } = asked;
      const bytes = await readWhole(path);
      checkLine(bytes, line, path);
      return [{ name: `${path}:${line}`, origin: { kind: "file", path }, bytes, line }];
    }
    case "commit": {
      const { commit, paths, line } = asked;
      const { readGitContent } = await import("../../sources/git/read-content.ts");
      for (const path of paths) {
        const bytes = await readGitContent(target, { commit, path });
        if (bytes === undefined) continue;
        checkLine(bytes, line, path);
        return [{ name: `${commit.slice(0, 12)}:${path}:${line}`, origin: { kind: "file", path }, bytes, line }];
      }
      throw new ToolError("no-target", `${target} has no ${paths[0] ?? ""} in commit ${commit.slice(0, 12)}`, {
        hint: "leaktrace explain COMMIT:FILE:LINE REPOSITORY",
      });
    }
    case "finding":
      return placesOfFinding(await findFinding(asked.fingerprint, where, options), target);
  }
}

async function findFinding(fingerprint: string, where: Target, options: ScanOptions): Promise<Finding> {
  const { runScan } = await import("./scan.ts");
  using progress = showProgress({ stream: process.stderr, env: process.env });
  const report = await runScan({ targets: [where], options }, progress);
  const finding = report.findings.find((one) => one.fingerprint === fingerprint);
  if (finding !== undefined) return finding;
  throw new ToolError("no-target", `${where.name} has no finding ${fingerprint}`, {
    hint: "Name what was scanned as the second argument: leaktrace explain ID TARGET",
  });
}

async function placesOfFinding({ sightings }: Finding, target: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const sighting of sightings.slice(0, maxPlaces)) {
    const bytes = await contentOf(sighting, target).catch(() => undefined);
    const { startLine, origin } = sighting;
    const { placeLines } = await import("../../report/index.ts");
    const [name] = placeLines(sighting);
    // Where it cannot be read again, the line as the scan saw it says nearly as much.
    places.push(
      bytes === undefined
        ? { name, origin, bytes: Buffer.from(sighting.line ?? ""), line: 1 }
        : { name, origin, bytes, line: startLine },
    );
  }
  return places;
}

function checkLine(bytes: Buffer, line: number, path: string): void {
  if (lineSpan(bytes, line) === undefined) throw new ToolError("no-target", `${path} has no line ${line}`);
}
