import { ToolError } from "../model/problem.ts";
import { severities } from "../model/rule.ts";
import { foreignPlaces } from "../registry/foreign-places.ts";
import { parseMirror, type Mirror } from "../registry/reference.ts";
import { fetchers } from "../remote/fetchers.ts";
import { type Secrecy } from "../report/index.ts";
import { platforms } from "./review/commit-page.ts";
import { chooseReport } from "./report-template.ts";
import { logLevels, type LogLevel, type ScanOptions, type Selection } from "./options.ts";

/** Depth of decoding unless asked otherwise; gitleaks' default. */
export const defaultDecodeDepth = 5;

/** Archives inside of archives that are opened unless asked otherwise. gitleaks opens none: a leak in an archive is one all the same. */
const defaultArchiveDepth = 8;

const bytesPerMegabyte = 1_000_000;

/**
 * Turns what the argument parser collected into `ScanOptions`. Throws ToolError `usage` for values and combinations that make no sense.
 * `values` is keyed by the option's name in camel case.
 */
export function readScanOptions(values: Readonly<Record<string, unknown>>, signal: AbortSignal): ScanOptions {
  const text = (key: string): string | undefined => {
    const value = values[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const number = (key: string, fallback: number): number => {
    const value = values[key];
    return typeof value === "number" ? value : fallback;
  };
  const flag = (key: string): boolean => values[key] === true;
  const optional = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
    // The object has just this key and this value, or none; the checker cannot follow computed keys.
    value === undefined ? {} : ({ [key]: value } as Record<K, V>);

  const fetchMegabytes = number("maxFetchMegabytes", 0);
  const reportPath = text("reportPath");
  const targetsFile = text("targets");
  const journal = text("journal") ?? defaultJournal(targetsFile);
  if (flag("resume") && journal === undefined) {
    throw usage("--resume needs the journal of the earlier run", "Name it with --journal, or give --targets.");
  }
  return {
    ...optional("config", text("config")),
    enableRules: Array.isArray(values["enableRule"]) ? values["enableRule"].filter((id) => typeof id === "string") : [],
    ...optional("baselinePath", text("baselinePath")),
    ...optional("ignorePath", text("gitleaksIgnorePath")),
    ignoreInlineAllow: flag("ignoreGitleaksAllow"),
    ...optional(
      "minSeverity",
      severities.find((severity) => severity === values["minSeverity"]),
    ),
    ...optional(
      "platform",
      platforms.find((name) => name === values["platform"]),
    ),
    exitCode: number("exitCode", 1),
    ...optional("reportPath", reportPath),
    ...chooseReport(text("reportFormat"), reportPath, text("reportTemplate")),
    secrecy: secrecyOf(flag("reveal"), values["redact"]),
    colour: values["color"] === false ? "never" : colourOf(values["color"]),
    verbose: flag("verbose"),
    logLevel: logLevelOf(text("logLevel")),
    input: values["input"] !== false,
    maxTargetBytes: number("maxTargetMegabytes", 0) * bytesPerMegabyte,
    maxDecodeDepth: number("maxDecodeDepth", defaultDecodeDepth),
    maxArchiveDepth: number("maxArchiveDepth", defaultArchiveDepth),
    timeoutMs: number("timeout", 0) * 1000,
    delta: values["delta"] !== false,
    ...optional("workers", typeof values["workers"] === "number" ? values["workers"] : undefined),
    ...optional("targetsFile", targetsFile),
    ...optional("journal", journal),
    resume: flag("resume"),
    worktree: flag("worktree"),
    recurseSubmodules: flag("recurseSubmodules"),
    ...optional("selection", selectionOf(values)),
    ...optional(
      "fetcher",
      fetchers.find((name) => name === values["fetchWith"]),
    ),
    ...optional("maxFetchBytes", fetchMegabytes > 0 ? fetchMegabytes * bytesPerMegabyte : undefined),
    allTags: flag("allTags"),
    triage: flag("triage"),
    plainHttp: flag("plainHttp"),
    mirrors: mirrorsOf(values["mirror"]),
    ...optional("registriesConf", text("registriesConf")),
    ...optional(
      "foreignLayers",
      foreignPlaces.find((name) => name === values["foreignLayers"]),
    ),
    followSymlinks: flag("followSymlinks"),
    // Whoever asks for whole scans wants to see one.
    cache: values["cache"] !== false && values["delta"] !== false,
    ...optional("cacheFolder", text("cacheDir")),
    ...optional("casePath", text("case")),
    signal,
  };
}

function mirrorsOf(given: unknown): readonly Mirror[] {
  const texts = Array.isArray(given) ? given.filter((text) => typeof text === "string") : [];
  return texts.map((text) => {
    const mirror = parseMirror(text);
    if (mirror === undefined) throw usage(`--mirror ${text} names no mirror`, "As docker.io=mirror.example.org/hub.");
    return mirror;
  });
}

/** What of a history is asked for. An empty value is a value: `--log-opts=""` selects HEAD. */
function selectionOf(values: Readonly<Record<string, unknown>>): Selection | undefined {
  const given = (key: string): string | undefined => {
    const value = values[key];
    return typeof value === "string" ? value : undefined;
  };
  const [logOpts, since, until] = [given("logOpts"), given("since"), given("until")];
  const branches = Array.isArray(values["branch"]) ? values["branch"].filter((name) => typeof name === "string") : [];
  const names = [
    ...(logOpts === undefined ? [] : ["--log-opts"]),
    ...(since === undefined ? [] : ["--since"]),
    ...(until === undefined ? [] : ["--until"]),
    ...(branches.length === 0 ? [] : ["--branch"]),
  ];
  const isStaged = values["staged"] === true;
  if (isStaged || values["preCommit"] === true) {
    const option = isStaged ? "--staged" : "--pre-commit";
    if (names[0] !== undefined)
      throw usage(`${option} looks at no commits, and ${names[0]} selects some`, "Give one of them.");
    if (values["worktree"] === true)
      throw usage(`${option} looks at changes, and --worktree at all files`, "Give one of them.");
    return { kind: isStaged ? "staged" : "unstaged" };
  }
  if (names.length === 0) return undefined;
  return {
    kind: "range",
    branches,
    ...(logOpts === undefined ? {} : { logOpts }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function defaultJournal(targetsFile: string | undefined): string | undefined {
  return targetsFile === undefined || targetsFile === "-" ? undefined : `${targetsFile}.journal.jsonl`;
}

/** gitleaks shows secrets unless told to redact; here `--redact=0` has to be said. */
function secrecyOf(reveal: boolean, redact: unknown): Secrecy {
  if (typeof redact !== "number") return { kind: reveal ? "reveal" : "mask" };
  if (reveal && redact > 0) throw usage("--reveal and --redact contradict each other", "Give one of them.");
  return redact === 0 ? { kind: "reveal" } : { kind: "redact", percent: redact };
}

function colourOf(value: unknown): "auto" | "always" | "never" {
  return value === "always" || value === "never" ? value : "auto";
}

function logLevelOf(text: string | undefined): LogLevel {
  const word = text?.toLowerCase() === "err" ? "error" : (text?.toLowerCase() ?? "info");
  const level = logLevels.find((known) => known === word);
  if (level === undefined) throw usage(`there is no log level "${text}"`, `The levels are ${logLevels.join(", ")}.`);
  return level;
}

function usage(message: string, hint: string): ToolError {
  return new ToolError("usage", message, { hint });
}
