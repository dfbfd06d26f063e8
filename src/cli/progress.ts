import type { Progress, ScanObserver, TargetsProgress } from "../model/observer.ts";
import { sanitize } from "../model/sanitize.ts";
import { bytesText, counted } from "../report/index.ts";

/** At most ten times a second: more is not seen, and costs time on slow terminals. */
const redrawMs = 100;

/** Columns the line stays below, so that it never wraps on an ordinary terminal. */
const maxColumns = 79;

/** Before this time a rate is a guess. */
const settledMs = 1000;

/** Clears from the cursor to the end of the line. */
const clear = "\x1b[K";

export interface ProgressLine extends ScanObserver, Disposable {}

export interface ProgressOptions {
  readonly stream: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where there is no line to show: writes one for each of several targets that has ended. */
  readonly tellsTargets?: boolean;
}

/**
 * Shows a running scan on one line of a terminal, beginning at once. Where the stream is no terminal or `CI` is set, nothing but (`tellsTargets`) what
 * became of each target.
 * Disposing of it leaves a clean line.
 */
export function showProgress(options: ProgressOptions): ProgressLine {
  const { stream, env } = options;
  const isShown = stream.isTTY && (env["CI"] ?? "") === "" && env["TERM"] !== "dumb";
  if (!isShown) {
    return {
      finding: () => {},
      problem: () => {},
      progress: () => {},
      targets: (several) => {
        const text = options.tellsTargets === true ? endedText(several) : undefined;
        if (text !== undefined) stream.write(`leaktrace: ${text}\n`);
      },
      [Symbol.dispose]: () => {},
    };
  }
  let latest: Progress | undefined;
  const began = Date.now();
  let several: TargetsProgress | undefined;
  let drawn = "";
  let problems = 0;
  const found = new Set<string>();
  const draw = (): void => {
    const columns = Math.min(maxColumns, (stream.columns > 0 ? stream.columns : maxColumns + 1) - 1);
    const line =
      latest === undefined
        ? "looking at what is there"
        : progressText(latest, found.size, problems, columns, several && { ...several, elapsedMs: Date.now() - began });
    if (line === drawn) return;
    drawn = line;
    stream.write(`\r${line}${clear}`);
  };
  draw();
  const timer = setInterval(draw, redrawMs);
  timer.unref();
  return {
    finding: ({ fingerprint }) => {
      found.add(fingerprint);
    },
    problem: ({ effect }) => {
      if (effect === "incomplete") problems++;
    },
    progress: (progress) => {
      latest = progress;
    },
    targets: (progress) => {
      several = progress;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      stream.write(`\r${clear}`);
    },
  };
}

/** With the time since the run began, that of fetching too. */
interface TargetsTime extends TargetsProgress {
  readonly elapsedMs: number;
}

/** What became of a target that has ended, and how many there are; escaped. */
function endedText({ done, of, ended }: TargetsProgress): string | undefined {
  if (ended === undefined) return undefined;
  const { target, status, findings } = ended;
  const found = findings === 0 ? "" : ` ${counted(findings, "secret")}`;
  return `${done}/${of}  ${status}${found}  ${sanitize(target)}`;
}

/**
 * One line of at most `columns` columns: phase, share and amount done, rate, time left, what was found, then as much of the target as fits. Of several
 * targets which one it is, and share and time go by their number: what those that follow hold is not known yet.
 */
export function progressText(
  progress: Progress,
  findings: number,
  problems: number,
  columns: number,
  several?: TargetsTime,
): string {
  const { phase, bytesDone, elapsedMs } = progress;
  const parts = several === undefined ? [] : [`${Math.min(several.done + 1, several.of)}/${several.of}`];
  const bytesPlanned = several === undefined ? progress.bytesPlanned : 0;
  parts.push(several !== undefined && phase === "locate" ? "locating" : phaseWords[phase]);
  const isFetching = phase === "fetch";
  if (phase === "scan" || isFetching) {
    // What is compressed is planned by what is stored of it, so more can come than was planned: then nobody knows how much is left.
    const isKnown = bytesPlanned > 0 && bytesDone <= bytesPlanned;
    if (isKnown) parts.push(`${Math.floor((100 * bytesDone) / bytesPlanned)}%`);
    parts.push(isKnown ? `${bytesText(bytesDone)} of ${bytesText(bytesPlanned)}` : bytesText(bytesDone));
    if (isFetching && progress.contentsDone > 0) parts.push(counted(progress.contentsDone, "object"));
  }
  // How much of a repository is to come its server does not tell.
  if (phase === "scan" || (isFetching && bytesPlanned > 0)) {
    if (elapsedMs >= settledMs && bytesDone > 0) {
      const perSecond = (1000 * bytesDone) / elapsedMs;
      parts.push(`${bytesText(perSecond)}/s`);
      if (bytesPlanned > bytesDone) parts.push(`${timeText((bytesPlanned - bytesDone) / perSecond)} left`);
    }
  }
  if (several !== undefined) parts.push(...targetsLeft(several));
  const count = Math.max(findings, progress.findings);
  if (count > 0) parts.push(counted(count, "secret"));
  if (problems > 0) parts.push(counted(problems, "problem"));
  const line = parts.join("  ").slice(0, columns);
  const room = columns - line.length - 2;
  // Names are cut from the left: their end tells them apart. What is not ASCII may be wide, so it is not shown here.
  const target = sanitize(progress.target).replace(/[^\x20-\x7e]/g, "?");
  if (room < 8 || target === "") return line;
  return `${line}  ${target.length <= room ? target : `...${target.slice(3 - room)}`}`;
}

/** Before so many targets have ended, how long one takes is a guess. */
const settledTargets = 3;

function targetsLeft({ done, before, of, elapsedMs }: TargetsTime): readonly string[] {
  const ended = done - before;
  if (ended < settledTargets || elapsedMs < settledMs) return [];
  return [`${timeText(((elapsedMs / ended) * (of - done)) / 1000)} left`];
}

const phaseWords: Readonly<Record<Progress["phase"], string>> = {
  fetch: "fetching",
  plan: "planning",
  scan: "scanning",
  locate: "looking for where it was brought in",
  done: "done",
};

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
}
