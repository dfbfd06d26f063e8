import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildRepository } from "../../../fixtures/git/build-repository.ts";
import { buildImage } from "../../../fixtures/images/build-image.ts";
import type { Report } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { tellStory, type PlantedSecret } from "../demo/story.ts";
import { exitCodes, listenForInterruption } from "../exit.ts";
import { readScanOptions } from "../flags-read.ts";
import { presentScan } from "../present.ts";
import { runScan } from "./scan.ts";

const usage = `leaktrace demo makes a small repository and an image with secrets in them, and scans both

  leaktrace demo            print what is found
  leaktrace demo --review   go through it in the terminal
  leaktrace demo --keep     leave the repository and the image where they are
`;

/** The names that the demonstration scans, in its own folder. */
const targets = ["shop.git", "shop.tar"] as const;

/**
 * `leaktrace demo [--review] [--keep]`: makes a repository and an image in a temporary folder, with values drawn for this run, scans them as
 * `leaktrace scan` does, and checks that every planted secret was found. Exit code 0 then, 1 when one was missed.
 */
export async function run(args: readonly string[], _context: { readonly signal: AbortSignal }): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage);
    return exitCodes.clean;
  }
  const unknown = args.find((arg) => arg !== "--keep" && arg !== "--review");
  if (unknown !== undefined)
    throw new ToolError("usage", `unknown argument ${unknown}`, { hint: "leaktrace demo --help tells more." });
  const isKept = args.includes("--keep");
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-demo-"));
  const cleanUp = (): void => {
    process.chdir(before);
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  };
  // A second Ctrl-C, or a signal in the review, ends the process without coming back here.
  process.once("exit", cleanUp);
  try {
    // Names in the output stay short, and decisions of the review go into this folder.
    process.chdir(folder);
    const { repository, image, planted } = tellStory(randomBytes(16).toString("hex"));
    await buildRepository(repository, targets[0]);
    await buildImage(image, { path: targets[1], format: "oci-archive", compression: "gzip" });
    return args.includes("--review") ? await showReview() : await showFindings(planted);
  } finally {
    process.off("exit", cleanUp);
    cleanUp();
    if (isKept) process.stderr.write(`kept: ${folder}\n`);
  }
}

async function showReview(): Promise<number> {
  const { run: review } = await import("./review.ts");
  return review([...targets], { ...readScanOptions({}, new AbortController().signal), plain: false });
}

async function showFindings(planted: readonly PlantedSecret[]): Promise<number> {
  using interruption = listenForInterruption((text) => void process.stderr.write(text));
  const options = readScanOptions({}, interruption.signal);
  process.stderr.write(
    `a repository and an image, with ${planted.length} secrets planted in them; now: leaktrace scan ${targets.join(" ")}\n\n`,
  );
  let report: Report | undefined;
  await presentScan(options, async (observer) => {
    report = await runScan({ targets: targets.map((name) => ({ name, as: "any" })), options }, observer);
    return report;
  });
  const found = new Set(report?.findings.map(({ secret }) => secret));
  const missed = planted.filter(({ value }) => !found.has(value));
  process.stderr.write(`\n${planted.length - missed.length} of ${planted.length} planted secrets found\n`);
  for (const { how } of missed) process.stderr.write(`  missed: ${how}\n`);
  return interruption.exitCode(missed.length === 0 ? exitCodes.clean : exitCodes.found);
}
