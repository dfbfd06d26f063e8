import { openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { ReadStream } from "node:tty";
import { ignoreFileName } from "../../findings/index.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { DecisionSink } from "../../model/decision.ts";
import { ToolError } from "../../model/problem.ts";
import { errorMessage } from "../../model/thrown.ts";
import {
  canShowScreen,
  createListFeed,
  createLiveFeed,
  openIgnoreFile,
  review,
  type ReviewFeed,
  type ReviewOutcome,
} from "../../review/index.ts";
import { createLooker } from "../review/look.ts";
import { createWriter } from "../review/writer.ts";
import { createReading } from "../review/reading.ts";
import { createOutside } from "../review/outside.ts";
import { exitCodes } from "../exit.ts";
import type { ScanOptions } from "../options.ts";
import type { CaseKeeper } from "../case-keeper.ts";
import type { OpenCase } from "../open-case.ts";
import { isReportFile, readReportFile, startReadingReport } from "../report-file.ts";
import { targetOf } from "../targets.ts";

export interface ReviewCommandOptions extends ScanOptions {
  /** Numbered questions instead of a screen. */
  readonly plain: boolean;
  /** Lines for a screen reader. */
  readonly screenReader?: boolean;
  /** Of the terminal; absent: as it says itself. */
  readonly background?: "light" | "dark";
}

/** A feed, and what it takes to end what fills it. */
interface Subject {
  readonly feed: ReviewFeed;
  /** Names of what was scanned, as far as that is known by now. */
  readonly targets: () => readonly string[];
  /** Ends a scan that is still running and waits for it; rethrows what made it fail. */
  readonly finish: () => Promise<void>;
}

/**
 * `leaktrace review [target…|report.jsonl|case|-]`: goes through the findings of targets while they are scanned, or of a report that was
 * written with `-f jsonl` (`-`: one on standard input), or of a case. Decisions go to the case where there is one, else to `.leaktraceignore` in the current folder.
 */
export async function run(args: string[], options: ReviewCommandOptions): Promise<number> {
  const targets = args.length === 0 ? ["."] : args;
  const isPlain = options.plain;
  const isSpoken = options.screenReader === true || process.env["INK_SCREEN_READER"] === "true";
  const reportPath = await reportOf(targets);
  if (isPlain && reportPath === "-")
    throw new ToolError("usage", "with --plain the answers come from standard input, so the report cannot", {
      hint: "Write the report to a file first.",
    });
  const { terminal, close } = takeStreams();
  const clearNotice = isPlain || isSpoken || !canShowScreen(terminal) ? () => {} : showNotice();
  try {
    if (!isPlain && !isSpoken && !canShowScreen(terminal)) {
      throw new ToolError("no-terminal", "the review needs a terminal that can show a screen", {
        hint: alternatives(
          targets.map((name) => targetOf(name, "any").name),
          reportPath,
        ),
      });
    }
    using opened = await openCaseOf(targets, options, reportPath);
    const isScanned = opened?.subject === undefined && reportPath === undefined;
    const decisions = opened?.decisions ?? (await openIgnoreFile(resolve(ignoreFileName), ignoreFileName));
    const subject =
      opened?.subject ??
      (reportPath === undefined ? await scanned(targets, options, opened?.keeper) : await reported(reportPath));
    // A case or report tells where its places are.
    const reading = createReading(isScanned ? targets : [], options);
    using writer = createWriter(reading, options, subject.targets);
    const outcome = await review({
      feed: subject.feed,
      decisions,
      terminal,
      isPlain,
      isSpoken,
      outside: createOutside(),
      looker: createLooker(reading),
      writer,
      opening: clearNotice,
      ...(options.colour === "auto" ? {} : { hasColour: options.colour === "always" }),
      ...(options.background === undefined ? {} : { background: options.background }),
    });
    reading.stop();
    process.stdout.write(`${outcome.summary}\n`);
    await subject.finish();
    return exitCodeOf(outcome.by);
  } finally {
    clearNotice();
    close();
  }
}

/** Says that something happens, until there is a screen: that takes a quarter of a second. Gives how to take it back. */
function showNotice(): () => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  stderr.write("opening the review");
  let isShown = true;
  return () => {
    if (isShown) stderr.write("\r\x1b[K");
    isShown = false;
  };
}

/** A case, where one is reviewed, or where `--case` names one. */
interface OpenedCase extends Disposable {
  readonly decisions: DecisionSink;
  /** What it holds; absent where targets are scanned into it. */
  readonly subject?: Subject;
  readonly keeper?: CaseKeeper;
}

/** The case that is reviewed: a single argument that is one, a report that goes into one, or a scan that does. Undefined where there is none. */
async function openCaseOf(
  targets: readonly string[],
  options: ReviewCommandOptions,
  reportPath: string | undefined,
): Promise<OpenedCase | undefined> {
  const [path] = targets;
  const { looksLikeCase } = await import("../../case/case-file.ts");
  const isCase = path !== undefined && targets.length === 1 && looksLikeCase(path);
  if (!isCase && options.casePath === undefined) return undefined;
  if (!isCase && reportPath === undefined) {
    const { openKeeper } = await import("../case-keeper.ts");
    const keeper = await openKeeper(options.casePath!, options);
    return { decisions: keeper.decisions, keeper, [Symbol.dispose]: () => keeper[Symbol.dispose]() };
  }
  const { openCase, importReport } = await import("../open-case.ts");
  const opened = await openCase(isCase ? path : options.casePath!, { create: !isCase });
  if (reportPath !== undefined && !isCase) importReport(opened.file, await readReportFile(reportPath), reportPath);
  return {
    decisions: opened.decisions,
    subject: options.plain ? wholeCase(opened) : fedCase(opened),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

/** Questions are asked one by one: all that is asked is there before the first. */
function wholeCase({ file, report }: OpenCase): Subject {
  const { findings, problems, targets } = report();
  return {
    feed: createListFeed(file.path, findings, problems),
    targets: () => targets.map(({ target }) => target),
    finish: () => Promise.resolve(),
  };
}

/** The findings of a case, which are read once somebody looks, and has seen a first frame; and slice by slice, with room for keys in between: fifty thousand take a moment. */
function fedCase({ file, reading }: OpenCase): Subject {
  const feed = createLiveFeed(file.path, { isReading: true });
  let targets: readonly string[] = [];
  let failure: unknown;
  let filling: Promise<void> | undefined;
  let isStopped = false;
  const fill = async (): Promise<void> => {
    await setImmediate();
    try {
      const { report, findings } = reading();
      targets = report.targets.map(({ target }) => target);
      for (const problem of report.problems) feed.observer.problem(problem);
      for (const slice of findings) {
        feed.findings(slice);
        await setImmediate();
        if (isStopped) return;
      }
      feed.end({});
    } catch (error) {
      failure = error;
      feed.end({ failure: errorMessage(error) });
    }
  };
  return {
    feed: {
      ...feed,
      subscribe(listener) {
        const stop = feed.subscribe(listener);
        filling ??= fill();
        return stop;
      },
    },
    targets: () => targets,
    finish: async () => {
      isStopped = true;
      await filling;
      if (failure !== undefined) throw failure;
    },
  };
}

async function scanned(targets: readonly string[], options: ScanOptions, keeper?: CaseKeeper): Promise<Subject> {
  const { runScan } = await import("./scan.ts");
  const places = targets.map((name) => targetOf(name, "any"));
  const feed = createLiveFeed(places.map(({ name }) => name).join(" "));
  const stop = new AbortController();
  let failure: unknown;
  const scan = runScan(
    {
      targets: places,
      options: { ...(keeper?.options ?? options), signal: AbortSignal.any([options.signal, stop.signal]) },
    },
    keeper?.observing(feed.observer) ?? feed.observer,
  ).then(
    ({ findings }) => feed.end({ findings }),
    (error: unknown) => {
      failure = error;
      feed.end({ failure: errorMessage(error) });
    },
  );
  return {
    feed,
    targets: () => places.map(({ name }) => name),
    finish: async () => {
      stop.abort();
      await scan;
      if (failure !== undefined) throw failure;
      const told = keeper?.settle();
      if (told !== undefined) process.stderr.write(`leaktrace: ${told}\n`);
    },
  };
}

/** How often a report that is read tells how far it is. */
const readProgressMs = 100;

/** The findings of a report, which the review shows while it is still being read. */
async function reported(path: string): Promise<Subject> {
  const feed = createLiveFeed(path === "-" ? "report on standard input" : path, { isReading: true });
  const bytesPlanned = path === "-" ? 0 : (await stat(path)).size;
  const started = Date.now();
  let findings = 0;
  let targets: readonly string[] = [];
  let failure: unknown;
  let isStopped = false;
  const reading = startReadingReport(path, (finding) => {
    findings += 1;
    feed.observer.finding(finding);
  });
  const timer = setInterval(() => {
    const done = { bytesDone: reading.bytesRead(), contentsDone: 0, elapsedMs: Date.now() - started };
    feed.observer.progress({ target: path, phase: "scan", bytesPlanned, findings, ...done });
  }, readProgressMs);
  const whole = reading.rest
    .then(
      ({ problems, targets: summaries }) => {
        targets = summaries.map(({ target }) => target);
        for (const problem of problems) feed.observer.problem(problem);
        if (!isStopped) feed.end({});
      },
      (error: unknown) => {
        failure = error;
        feed.end({ failure: errorMessage(error) });
      },
    )
    .finally(() => clearInterval(timer));
  return {
    feed,
    targets: () => targets,
    finish: async () => {
      isStopped = true;
      reading.stop();
      await whole;
      if (failure !== undefined) throw failure;
    },
  };
}

/** The report among the arguments: a single file that is called `.jsonl` or begins like one of ours, or `-`. */
async function reportOf(targets: readonly string[]): Promise<string | undefined> {
  const [path] = targets;
  if (path === undefined || targets.length > 1) return undefined;
  if (path === "-") return path;
  return (await isReportFile(path)) ? path : undefined;
}

/** Where a report comes by standard input but a terminal is there, keys are read from the terminal itself. */
function takeStreams(): {
  readonly terminal: { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };
  readonly close: () => void;
} {
  const { stdin, stdout } = process;
  if (!stdin.isTTY && stdout.isTTY) {
    try {
      const keys = new ReadStream(openSync("/dev/tty", "r"));
      return { terminal: { stdin: keys, stdout }, close: () => void keys.destroy() };
    } catch {
      // No controlling terminal: then there is none to read from.
    }
  }
  return { terminal: { stdin, stdout }, close: () => {} };
}

function alternatives(targets: readonly string[], reportPath: string | undefined): string {
  const named = targets.map(shellWord).join(" ");
  const plain = `leaktrace review --plain ${named}`;
  return reportPath === undefined
    ? `Use leaktrace scan -f text ${named}, or ${plain} for questions a line.`
    : `Use ${plain} for questions a line.`;
}

function exitCodeOf(by: ReviewOutcome["by"]): number {
  switch (by) {
    case "quit":
      return exitCodes.clean;
    case "interrupt":
    case "SIGINT":
      return exitCodes.interrupted;
    case "SIGTERM":
    case "SIGHUP":
    case "SIGQUIT":
    case "hung-up":
      return exitCodes.terminated;
  }
}
