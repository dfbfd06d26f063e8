import { statSync } from "node:fs";
import { countsFor, isIncomplete } from "../../findings/index.ts";
import type { Finding, FindingSighting, Report } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { sanitize } from "../../model/sanitize.ts";
import { shellWord } from "../../model/shell-word.ts";
import { checkWritable, writeLines, writeReport } from "../../report/index.ts";
import { openFiles } from "../../sources/files/index.ts";
import type { ImageFacts } from "../../model/image-facts.ts";
import { deletionOrder, historyRemedy, placeRemedy } from "../../response/index.ts";
import { carriedRepositories } from "../build-folder.ts";
import { patchBuilds, type BuildPatch } from "../build-patch.ts";
import { hangingLines } from "../hanging-lines.ts";
import { exitCodes } from "../exit.ts";
import type { ScanOptions } from "../options.ts";
import { showProgress } from "../progress.ts";
import { targetOf } from "../targets.ts";

export interface FixOptions extends ScanOptions {
  /** Where the patch goes; `-`: standard output, and nothing else goes there. */
  readonly patch?: string;
}

/** Places of one secret that something is said about. */
const maxPlaces = 20;

/**
 * `leaktrace fix <image> [context]`: what to do about the secrets in an image: revoke, change the build, delete, in this order. With the folder that the image is
 * built from, what can be changed by itself is written as a patch. Changes nothing. Exit code 0, or 3 where not everything could be read.
 */
export async function run([image = "", context]: readonly string[], options: FixOptions): Promise<number> {
  await checkRequest(context, options);
  const { runScan } = await import("./scan.ts");
  let report: Report;
  {
    using progress = showProgress({ stream: process.stderr, env: process.env });
    const targets = [targetOf(image, "image"), ...(context === undefined ? [] : [targetOf(context, "files")])];
    report = await runScan({ targets, options }, progress);
  }
  if (options.signal.aborted) return exitCodes.interrupted;
  if (report.targets.some(({ target, status }) => target === image && status === "unreachable")) {
    const why = report.problems.find(({ target }) => target === image)?.message ?? "cannot be read";
    throw new ToolError("no-target", why.includes(image) ? why : `${image} ${why}`);
  }
  const counting = report.findings.filter((finding) => countsFor(finding, options.minSeverity));
  const patch =
    context === undefined ? undefined : maskedPatch(await patchOf(context, counting, report), report, options);
  if (options.patch !== undefined && patch !== undefined) {
    const lines = patch.text === "" ? [] : patch.text.trimEnd().split("\n");
    if (options.patch === "-") await writeLines(lines, process.stdout);
    else await writeReport(options.patch, lines);
  }
  const plan = planOf(image, context, counting, report, patch, options);
  if (options.patch !== "-") await writeLines(await hangingLines(plan, process.stdout, isOfPatch), process.stdout);
  return isIncomplete(report) ? exitCodes.incomplete : exitCodes.clean;
}

/** Lines of a patch are copied as they are. */
function isOfPatch(line: string): boolean {
  return /^ {3}[-+@ ]/.test(line);
}

async function patchOf(context: string, findings: readonly Finding[], report: Report): Promise<BuildPatch> {
  const images = imagesOf(report);
  const isInHistory = findings.some(({ sightings }) =>
    sightings.some((sighting) => sighting.origin.kind === "git" && placeIn(images, sighting).length > 0),
  );
  const repositories = isInHistory
    ? await carriedRepositories(openFiles(context, { maxBytes: 0, followSymlinks: false }), context)
    : [];
  return patchBuilds(context, findings, repositories);
}

/** The images that hold a place, with what is to be done there. */
function placeIn(
  images: readonly ImageFacts[],
  { origin, tags }: FindingSighting,
): { readonly digest: string; readonly remedy: string }[] {
  if (origin.kind === "image") return [{ digest: origin.digest, remedy: placeRemedy(origin, tags) }];
  if (origin.kind !== "git") return [];
  return images.flatMap(({ image, digest }) =>
    origin.repository.startsWith(`${image}!`)
      ? [{ digest, remedy: historyRemedy(origin.repository.slice(image.length + 1)) }]
      : [],
  );
}

function imagesOf({ targets }: Report): readonly ImageFacts[] {
  return targets.flatMap(({ images = [] }) => images);
}

/** Throws ToolError for what makes no sense, before anything is scanned. */
async function checkRequest(context: string | undefined, { patch }: FixOptions): Promise<void> {
  if (context !== undefined && statSync(context, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ToolError("usage", `${context} is not a folder`, {
      hint: "Name the folder that the image is built from.",
    });
  if (patch === undefined) return;
  if (context === undefined)
    throw new ToolError("usage", "--patch needs the folder that the image is built from", {
      hint: "leaktrace fix IMAGE FOLDER --patch FILE",
    });
  if (patch !== "-") await checkWritable(patch);
}

function* planOf(
  image: string,
  context: string | undefined,
  findings: readonly Finding[],
  report: Report,
  patch: BuildPatch | undefined,
  { patch: patchFile, secrecy }: FixOptions,
): Iterable<string> {
  const images = imagesOf(report);
  const places = ({ sightings }: Finding): ReturnType<typeof placeIn> =>
    sightings.flatMap((sighting) => placeIn(images, sighting));
  const inImage = findings.filter((finding) => places(finding).length > 0);
  yield inImage.length === 0 ? `No secrets in ${sanitize(image)}.` : "1. Revoke; whoever has the image has them:";
  const held = new Set<string>();
  const remedies = new Map<string, readonly string[]>();
  for (const finding of inImage) {
    const { masked, rule, fingerprint } = finding;
    yield `   ${masked}  ${sanitize(rule.id)}${rule.revoke === "" ? "" : `: ${sanitize(rule.revoke)}`}`;
    const found = places(finding);
    for (const { digest } of found) held.add(digest);
    remedies.set(fingerprint, [...new Set(found.map(({ remedy }) => sanitize(remedy)))]);
  }
  if (inImage.length > 0) {
    yield "2. Change the build:";
    for (const { masked, fingerprint } of inImage) {
      const [first = "", ...rest] = (remedies.get(fingerprint) ?? []).slice(0, maxPlaces);
      yield `   ${masked}  ${first}`;
      for (const more of rest) yield `${" ".repeat(masked.length + 5)}${more}`;
    }
  }
  if (patch !== undefined && patch.text + patch.byHand.join("") !== "") {
    yield inImage.length > 0
      ? `   In ${sanitize(context ?? "")}:`
      : `The next build of ${sanitize(context ?? "")} would bring some:`;
    for (const line of patch.byHand) yield `   by hand: ${sanitize(line)}`;
    if (patchFile !== undefined)
      yield `   the patch is in ${sanitize(patchFile)}${secrecy.kind === "reveal" ? "; it holds the secrets that it takes out" : ""}`;
    else
      for (const line of patch.text.split("\n"))
        yield sanitize(line).trimEnd() === "" ? "" : `   ${sanitize(line.replaceAll("\t", "  "))}`;
    if (patch.secrets.length > 0)
      yield `   then build with: ${patch.secrets.map((id) => `--secret id=${id},src=FILE`).join(" ")}`;
  }
  const order = deletionOrder(images, held);
  if (order.length === 0) return;
  yield "3. Build anew, and see that nothing is left:";
  yield `   leaktrace verify-fix ${shellWord(sanitize(image))} NEW`;
  yield "4. Delete what holds them, wherever it was pushed to, in this order; then let the registry collect its garbage:";
  for (const { what, name } of order) yield `   ${what.padEnd(11)}  ${sanitize(name)}`;
}

/** Lines of a patch that hold a secret are masked unless they are asked for: then it says what is to be done, and cannot be applied. */
function maskedPatch(patch: BuildPatch, { findings }: Report, { secrecy }: FixOptions): BuildPatch {
  if (secrecy.kind === "reveal" || patch.text === "") return patch;
  const secrets = findings.flatMap(({ secret, masked }) =>
    secret === undefined || secret === "" ? [] : [{ secret, masked }],
  );
  const text = secrets
    .sort((a, b) => b.secret.length - a.secret.length)
    .reduce((masked, { secret, masked: shown }) => masked.replaceAll(secret, () => shown), patch.text);
  return text === patch.text
    ? patch
    : { ...patch, text: `# Secrets are masked: --reveal writes a patch that can be applied.\n${text}` };
}
