import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createDetector, explain, instantiateKernel, loadEngine, type Detector } from "../../detect/index.ts";
import { crowdsOf, FindingStore, weighPlace } from "../../findings/index.ts";
import { blobId } from "../../content/blob-id.ts";
import type { Origin } from "../../model/content.ts";
import type { Finding, FindingSighting } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { writeLines } from "../../report/index.ts";
import { readAsked } from "../explain/place.ts";
import { explanationLines } from "../explain/text.ts";
import type { ScanOptions } from "../options.ts";
import { targetOf, type Target } from "../targets.ts";
import { prepareScan, type Prepared } from "../setup.ts";
import { showProgress } from "../progress.ts";

/** A larger content is not read as a whole to explain one line of it. */
const maxBytes = 256 << 20;
/** Places of one finding that are explained. */
const maxPlaces = 3;

interface Place {
  /** For people. */
  readonly name: string;
  readonly origin: Origin;
  readonly bytes: Buffer;
  /** From 1. */
  readonly line: number;
}

/**
 * `leaktrace explain FILE:LINE | ID | COMMIT:FILE:LINE [target]`: what every rule made of a place, step by step. `target` (the current folder) is
 * where commits and findings are looked for. Gives the exit code: 0, whatever is found.
 */
export async function run([text = "", target = "."]: readonly string[], options: ScanOptions): Promise<number> {
  const asked = readAsked(text, existsSync);
  const where = targetOf(target, "any");
  const from: Target = asked.kind === "line" ? { name: asked.path, as: "any" } : where;
  const prepared = await prepareScan([from], options);
  const places = await placesOf(asked, where, options);
  const detector = await openDetector(prepared);
  for (const place of places) await writeLines(linesOf(place, detector, prepared), process.stdout);
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

/** Undefined for what takes more than a file or an object to read. */
async function contentOf({ origin }: FindingSighting, target: string): Promise<Buffer | undefined> {
  if (origin.kind === "file") return readWhole(origin.path);
  if (origin.kind !== "git" || !["blob", "commit", "tag"].includes(origin.objectType)) return undefined;
  const { readGitContent } = await import("../../sources/git/read-content.ts");
  return readGitContent(origin.repository === "" ? target : origin.repository, { id: origin.object });
}

async function readWhole(path: string): Promise<Buffer> {
  const facts = await stat(path);
  if (!facts.isFile()) throw new ToolError("no-target", `${path} is not a file`);
  if (facts.size > maxBytes) throw new ToolError("too-large", `${path} is too large to explain (256 MiB at most)`);
  return readFile(path);
}

async function openDetector({ poolOptions, ruleset }: Prepared): Promise<Detector> {
  const { kernel, decodeDepth, honourInlineAllow, prebuilt } = poolOptions;
  return createDetector({
    ruleset,
    engine: await loadEngine(),
    code: instantiateKernel(kernel),
    decodeDepth,
    honourInlineAllow,
    ...(prebuilt === undefined ? {} : { prebuilt }),
  });
}

function checkLine(bytes: Buffer, line: number, path: string): void {
  if (lineSpan(bytes, line) === undefined) throw new ToolError("no-target", `${path} has no line ${line}`);
}

/** Offsets of a line, without its end. */
function lineSpan(bytes: Buffer, line: number): readonly [from: number, to: number] | undefined {
  let from = 0;
  for (let at = 1; at < line; at++) {
    const end = bytes.indexOf(10, from);
    if (end < 0) return undefined;
    from = end + 1;
  }
  const end = bytes.indexOf(10, from);
  return line < 1 ? undefined : [from, end < 0 ? bytes.length : end];
}

function linesOf({ name, origin, bytes, line }: Place, detector: Detector, prepared: Prepared): Iterable<string> {
  const [from, to] = lineSpan(bytes, line) ?? [0, bytes.length];
  const { ruleset, compile, deciders } = prepared;
  const store = new FindingStore({ ruleset, compile, deciders });
  const content = blobId(bytes);
  const { detections } = detector.scan(bytes);
  const crowds = crowdsOf(detections.map(({ ruleId, secret }) => [ruleId, secret]));
  store.addHit({ content, place: "", detections });
  store.addSighting({ content, origin });
  const findings = store.findings().flatMap((finding): readonly Finding[] => {
    const sightings = finding.sightings.filter(({ startLine, endLine }) => startLine <= line && endLine >= line);
    return sightings.length === 0 ? [] : [{ ...finding, sightings }];
  });
  return explanationLines(
    name,
    bytes.toString("utf8", from, Math.min(to, from + 1000)),
    explain(detector, bytes, from, to),
    findings,
    ({ ready: { rule }, ...outcome }) => weighPlace(rule, outcome, origin, crowds.get(rule.id)).parts,
  );
}
