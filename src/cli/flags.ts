import { InvalidArgumentError } from "commander";
import { severities } from "../model/rule.ts";
import { foreignPlaces } from "../registry/foreign-places.ts";
import { fetchers } from "../remote/fetchers.ts";
import { formatNames } from "../report/index.ts";
import { platforms } from "./review/commit-page.ts";
import { logLevels } from "./options.ts";

/** One option of the command line. What `parse` gives is checked again, typed, by `readScanOptions`. */
export interface Flag {
  /** As commander wants it: `-c, --config <path>`. */
  readonly flags: string;
  readonly description: string;
  readonly group: "What to scan" | "Rules and decisions" | "Report" | "Limits" | "Other";
  readonly parse?: (text: string, previous: unknown) => unknown;
  /** For commands that scan git, folders, or several targets only. */
  readonly only?: readonly ScanCommand[];
  readonly hidden?: boolean;
  /** Values for completion. */
  readonly values?: readonly string[];
}

export type ScanCommand =
  | "scan"
  | "git"
  | "image"
  | "dir"
  | "stdin"
  | "review"
  | "explain"
  | "fix"
  | "verify-fix"
  | "report";

const gitCommands: readonly ScanCommand[] = ["scan", "git", "review"];

/** Every option of the scanning commands; gitleaks' names, meanings and defaults where gitleaks has it. */
export const scanFlags: readonly Flag[] = [
  {
    flags: "--patch <file>",
    description: "write what can be changed by itself as a patch (git apply); - writes it instead of the rest",
    group: "What to scan",
    only: ["fix"],
  },
  {
    flags: "--targets <file>",
    description: "scan every target that the file names, one a line (- reads standard input)",
    group: "What to scan",
    only: ["scan"],
  },
  {
    flags: "--journal <file>",
    description: "keep the state of a run over many targets here (default: beside --targets)",
    group: "What to scan",
    only: ["scan"],
  },
  {
    flags: "--resume",
    description: "go on where the journal ends instead of starting again",
    group: "What to scan",
    only: ["scan"],
  },
  {
    flags: "--worktree",
    description: "also scan the files of the working tree, ignored ones too",
    group: "What to scan",
    only: gitCommands,
  },
  {
    flags: "--recurse-submodules",
    description: "also scan the repositories of initialised submodules",
    group: "What to scan",
    only: gitCommands,
  },
  {
    flags: "--since <date>",
    description: "only what commits after this date brought in (2024-01-31, 2.weeks.ago)",
    group: "What to scan",
    only: gitCommands,
  },
  {
    flags: "--until <date>",
    description: "only what commits before this date brought in",
    group: "What to scan",
    only: gitCommands,
  },
  {
    flags: "--branch <name>",
    description: "only what this branch brought in, here or at a remote (repeat it; wildcards)",
    group: "What to scan",
    only: gitCommands,
    parse: (text, previous) => [...(Array.isArray(previous) ? previous : []), text],
  },
  {
    flags: "--log-opts <options>",
    description: 'only the commits that git log selects with these ("main..HEAD", "-n 5 -- lib")',
    group: "What to scan",
    only: gitCommands,
  },
  {
    flags: "--staged",
    description: "only what is staged: what the next commit would bring in",
    group: "What to scan",
    only: ["git"],
  },
  {
    flags: "--pre-commit",
    description: "only changes of the working tree that are not staged (with --staged: what is)",
    group: "What to scan",
    only: ["git"],
  },
  {
    flags: "--fetch-with <what>",
    description: "fetch remote repositories with git, or with what is built in (default: git if it is there)",
    group: "What to scan",
    only: gitCommands,
    parse: oneOf(fetchers),
    values: fetchers,
  },
  {
    flags: "--all-tags",
    description: "every tag of an image in a registry (layers that they share are fetched once)",
    group: "What to scan",
    only: ["scan", "image"],
  },
  {
    flags: "--triage",
    description:
      "a first look at images: tables of contents and likely files of eStargz and zstd:chunked layers; tells what was not read",
    group: "What to scan",
    only: ["scan", "image"],
  },
  {
    flags: "--plain-http",
    description:
      "ask registries without TLS (on this machine's own addresses that is tried anyway); engines on the network",
    group: "What to scan",
    only: ["scan", "image", "fix", "verify-fix"],
  },
  {
    flags: "--mirror <registry=mirror>",
    description: "ask this mirror before that registry: docker.io=mirror.example.org/hub (repeat it)",
    group: "What to scan",
    only: ["scan", "image", "fix", "verify-fix"],
    parse: (text, previous) => [...(Array.isArray(previous) ? previous : []), text],
  },
  {
    flags: "--registries-conf <file>",
    description: "go where this registries.conf of podman says: short names, mirrors, moved and blocked registries",
    group: "What to scan",
    only: ["scan", "image", "fix", "verify-fix"],
  },
  {
    flags: "--foreign-layers <where>",
    description: "fetch layers from servers that manifests name: on public addresses, or on any",
    group: "What to scan",
    only: ["scan", "image", "fix", "verify-fix"],
    parse: oneOf(foreignPlaces),
    values: foreignPlaces,
  },
  {
    flags: "--follow-symlinks",
    description: "follow symbolic links to files",
    group: "What to scan",
    only: ["scan", "dir"],
  },

  {
    flags: "-c, --config <path>",
    description: "rules from this leaktrace or gitleaks configuration; built-in: ours, whatever lies in the target",
    group: "Rules and decisions",
  },
  {
    flags: "--enable-rule <id>",
    description: "use only this rule (repeat it, or separate ids by commas)",
    group: "Rules and decisions",
    parse: (text, previous) => [...(Array.isArray(previous) ? previous : []), ...listOf(text)],
  },
  {
    flags: "-b, --baseline-path <path>",
    description: "an earlier report; what it holds is not reported again",
    group: "Rules and decisions",
  },
  {
    flags: "-i, --gitleaks-ignore-path <path>",
    description: "a .gitleaksignore file, or the folder that holds it",
    group: "Rules and decisions",
  },
  {
    flags: "--ignore-gitleaks-allow",
    description: "report lines that say gitleaks:allow as well",
    group: "Rules and decisions",
  },
  {
    flags: "--min-severity <severity>",
    description: "exit with 1 only for secrets of this severity or above (low)",
    group: "Rules and decisions",
    parse: oneOf(severities),
    values: severities,
  },

  {
    flags: "-r, --report-path <path>",
    description: "write the report here instead of standard output (-)",
    group: "Report",
  },
  {
    flags: "-f, --report-format <format>",
    description: `${formatNames.join(", ")} (default: by the path's extension, else text)`,
    group: "Report",
    values: formatNames,
  },
  {
    flags: "--report-template <path>",
    description: "write the report by this template (Go's text/template and sprig, fields as in json)",
    group: "Report",
  },
  {
    flags: "--platform <name>",
    description: `link to lines as this platform does: ${platforms.slice(1).join(", ")} (default: by the remote's host)`,
    group: "Report",
    only: ["scan", "git"],
    parse: oneOf(platforms),
    values: platforms,
  },
  { flags: "--reveal", description: "show secrets in the report instead of masking them", group: "Report" },
  {
    flags: "--redact <percent>",
    description: "hide this part of each secret, in percent (alone: 100)",
    group: "Report",
    parse: wholeNumber(0, 100),
  },
  {
    flags: "--exit-code <n>",
    description: "exit with this code when secrets are found (default: 1)",
    group: "Report",
    parse: wholeNumber(0, 255),
  },
  { flags: "-v, --verbose", description: "print the findings as well when the report goes to a file", group: "Report" },
  {
    flags: "--color <when>",
    description: "auto, always, never",
    group: "Report",
    parse: oneOf(["auto", "always", "never"]),
    values: ["auto", "always", "never"],
  },
  { flags: "--no-color", description: "no colour, like --color=never", group: "Report" },

  {
    flags: "--max-target-megabytes <n>",
    description: "leave out larger files (and say so)",
    group: "Limits",
    parse: wholeNumber(0, 1_000_000_000),
  },
  {
    flags: "--max-fetch-megabytes <n>",
    description: "do not fetch larger repositories (default: 50000)",
    group: "Limits",
    only: gitCommands,
    parse: wholeNumber(1, 1_000_000_000),
  },
  {
    flags: "--max-decode-depth <n>",
    description: "layers of encoding to look through (default: 5)",
    group: "Limits",
    parse: wholeNumber(0, 100),
  },
  {
    flags: "--max-archive-depth <n>",
    description: "archives inside of archives to open; 0 opens none (default: 8)",
    group: "Limits",
    parse: wholeNumber(0, 100),
  },
  {
    flags: "--timeout <seconds>",
    description: "stop after this time and report what was found",
    group: "Limits",
    parse: wholeNumber(0, 100_000_000),
  },
  {
    flags: "--no-delta",
    description: "scan every version of a file whole: slower, the same findings",
    group: "Limits",
    only: ["scan", "git"],
  },
  { flags: "--workers <n>", description: "scan with this many threads", group: "Limits", parse: wholeNumber(1, 256) },

  {
    flags: "--case <file>",
    description: "also keep everything in this case: findings, decisions, what was scanned (leaktrace case)",
    group: "Report",
    only: ["scan", "git", "image", "dir", "stdin", "review"],
  },
  {
    flags: "--no-cache",
    description: "scan everything, even what an earlier scan knows; keep nothing",
    group: "Other",
  },
  {
    flags: "--cache-dir <folder>",
    description: "keep what later scans need here (default: leaktrace in the user's cache folder)",
    group: "Other",
  },
  {
    flags: "-l, --log-level <level>",
    description: `how much to say on stderr: ${logLevels.join(", ")}`,
    group: "Other",
    values: logLevels,
  },
  { flags: "--no-input", description: "never ask anything", group: "Other" },
  { flags: "--no-banner", description: "", group: "Other", hidden: true },
];

/** Commands that write something else than a report of findings. */
const ownReports: readonly ScanCommand[] = ["explain", "fix", "verify-fix"];

/** The options of one command. */
export function flagsOf(command: ScanCommand): readonly Flag[] {
  // Nothing is scanned: only how it looks, and what makes an exit code.
  if (command === "report")
    return scanFlags.filter(
      ({ only, group, flags }) =>
        (only === undefined && group === "Report" && flags !== "--reveal") || /^(?:--min-severity|-l)/.test(flags),
    );
  return scanFlags.filter(
    ({ only, group, flags }) =>
      (only === undefined || only.includes(command)) &&
      (!ownReports.includes(command) || group !== "Report" || (command === "fix" && flags === "--reveal")),
  );
}

/** Parts of a comma list, without blanks. */
function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };
}

function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    const word = text.toLowerCase();
    if (words.includes(word)) return word;
    throw new InvalidArgumentError(`It is one of ${words.join(", ")}.`);
  };
}
