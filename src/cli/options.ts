import type { Decider } from "../findings/index.ts";
import type { Report } from "../model/finding.ts";
import type { Severity } from "../model/rule.ts";
import type { FormatName, Secrecy, Template } from "../report/index.ts";
import type { ForeignPlaces, Mirror } from "../registry/index.ts";
import type { Fetcher } from "../remote/index.ts";
import type { Platform } from "./review/commit-page.ts";
import type { RangeRequest } from "../sources/git/range/index.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** From most to least talkative. */
export const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Which part of a repository is scanned. */
export type Selection =
  /** What is staged (`--staged`), or changed and not staged (`--pre-commit`). */
  { readonly kind: "staged" | "unstaged" } | ({ readonly kind: "range" } & RangeRequest);

/** Keeps what a scan finds beyond its report. */
export interface ScanKeeper {
  readonly decider: Decider;
  /** The scan begins; these are its targets, as they are named. */
  begin(targets: readonly string[]): void;
  /** The scan has ended. `undecided`: the same report before any decision. */
  keep(report: Report, undecided: Report): void;
}

/** Everything that the command line can ask of a scan, checked. Made by `flags.ts`; the same for every scanning command. */
export interface ScanOptions {
  /** Rules: a leaktrace or gitleaks configuration. */
  readonly config?: string;
  /** Rules that are tried, and written nowhere yet; `name`: of the file that they are for. */
  readonly draft?: { readonly text: string; readonly name: string };
  /** Only these rules; empty: all. */
  readonly enableRules: readonly string[];
  readonly baselinePath?: string;
  /** A `.gitleaksignore`, or the folder of one. */
  readonly ignorePath?: string;
  /** `gitleaks:allow` in a line hides nothing. */
  readonly ignoreInlineAllow: boolean;
  readonly minSeverity?: Severity;

  /** Links to lines are made as this platform has them; absent: as the host of the remote has them. */
  readonly platform?: Platform;
  readonly exitCode: number;
  /** Absent: the report goes to standard output. `-`: the same, asked for. */
  readonly reportPath?: string;
  readonly reportFormat: FormatName;
  /** What the format `template` writes by. */
  readonly template?: Template;
  readonly secrecy: Secrecy;
  readonly colour: "auto" | "always" | "never";
  /** Also prints the findings for people when the report goes to a file. */
  readonly verbose: boolean;
  readonly logLevel: LogLevel;
  /** False: never ask, even on a terminal. */
  readonly input: boolean;

  /** Larger files are skipped and counted; 0: no limit of the user's. */
  readonly maxTargetBytes: number;
  readonly maxDecodeDepth: number;
  readonly maxArchiveDepth: number;
  /** 0: none. */
  readonly timeoutMs: number;
  /** git: versions inherit what was found in the ones they are stored as deltas of. */
  readonly delta: boolean;
  /** Absent: as many as the machine has cores to spare. */
  readonly workers?: number;

  /** A file with a target a line. */
  readonly targetsFile?: string;
  /** Where the state of a sweep is kept; beside the targets file unless named. */
  readonly journal?: string;
  readonly resume: boolean;

  /** git: also the files of the working tree. */
  readonly worktree: boolean;
  /** git: also the repositories of initialised submodules. */
  readonly recurseSubmodules: boolean;
  /** git: a part of the repository; absent: all of it. */
  readonly selection?: Selection;
  /** What fetches repositories that are not on this machine; absent: git where it is installed. */
  readonly fetcher?: Fetcher;
  /** A larger repository is not fetched; absent: the usual limit. */
  readonly maxFetchBytes?: number;
  /** image: every tag of a repository in a registry. */
  readonly allTags: boolean;
  /** image: of layers nothing but tables of contents and likely files. */
  readonly triage: boolean;
  /** image: registries are asked without TLS. */
  readonly plainHttp: boolean;
  /** image: asked before the registries whose repositories they hold. */
  readonly mirrors: readonly Mirror[];
  /** image: the file that says where names of images lead. */
  readonly registriesConf?: string;
  /** image: layers may be fetched from servers that manifests name; absent: they are not. */
  readonly foreignLayers?: ForeignPlaces;
  /** dir: follow symbolic links to files. */
  readonly followSymlinks: boolean;

  /** Whether what earlier scans found out is used, and kept for later ones. */
  readonly cache: boolean;
  /** Where it is kept; absent: in the user's cache folder. */
  readonly cacheFolder?: string;

  /** A case that the scan is written into. */
  readonly casePath?: string;
  /** Whoever is told what the scan finds, and knows decisions beside those of files; set once the case is open. */
  readonly keeper?: ScanKeeper;

  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
}

/** Of the options those that change what is scanned or found; the rules have a digest of their own. */
export function scanSettings(options: ScanOptions) {
  const { enableRules, ignoreInlineAllow, maxTargetBytes, maxDecodeDepth, maxArchiveDepth } = options;
  const { worktree, selection, followSymlinks, allTags, triage } = options;
  return {
    enableRules,
    ignoreInlineAllow,
    maxTargetBytes,
    maxDecodeDepth,
    maxArchiveDepth,
    worktree,
    selection,
    followSymlinks,
    allTags,
    triage,
  };
}
