import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { gate } from "../../findings/index.ts";
import {
  formerName,
  hooksFolder,
  hookState,
  incompleteLines,
  installHook,
  parsePrePushLines,
  stoppedLines,
  uninstallHook,
  stoppedCommitLines,
  type HookName,
} from "../../hooks/index.ts";
import type { Report } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { sanitize } from "../../model/sanitize.ts";
import type { PushedRef, PushFacts } from "../../sources/git/push.ts";
import { exitCodes } from "../exit.ts";
import { readScanOptions } from "../flags-read.ts";
import { showProgress } from "../progress.ts";

const help = `Usage: leaktrace hook install [--pre-commit] [--repo <folder>]    stop pushes (commits) that hold secrets
       leaktrace hook uninstall [--pre-commit] [--repo <folder>]  take the hook away, put back what was there
       leaktrace hook status [--pre-commit] [--repo <folder>]     exit code 0: installed, 1: not
       leaktrace hook pre-push <remote> <url>      what git calls; refs come on standard input
       leaktrace hook pre-commit                   what git calls

The hook scans what the remote does not have yet, and stops the push for any secret in it.
With --pre-commit it is another one: it scans what is staged, and stops the commit.
A hook that is there already stays, and runs first. core.hooksPath is honoured.
`;

/** git names a ref in at most a few hundred bytes; more than this is no push. */
const maxInputBytes = 1 << 28;

/** `leaktrace hook …`. Gives the exit code; for `pre-push` anything but 0 stops the push. */
export async function run(args: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<number> {
  const [action, ...rest] = args;
  switch (action) {
    case "pre-push":
      return prePush(rest, signal);
    case "pre-commit":
      return preCommit(rest, signal);
    case "install":
      return install(rest);
    case "uninstall":
      return uninstall(rest);
    case "status":
      return status(rest);
    case "--help":
    case "-h":
      process.stdout.write(help);
      return exitCodes.clean;
    case undefined:
      process.stderr.write(help);
      return exitCodes.usage;
    default:
      throw usage(`there is no hook command "${action}"`);
  }
}

async function install(args: readonly string[]): Promise<number> {
  const { name, folder, isShared } = await openHooks(args);
  const program = process.argv[1];
  if (program === undefined) throw new ToolError("hook", "it cannot be told how leaktrace was started");
  const before = await installHook(folder, name, { node: process.execPath, program: realpathSync(program) });
  const checked = name === "pre-push" ? "pushes from" : "commits in";
  const what =
    before.hook === "ours" ? "hook brought up to date" : `hook installed: ${checked} this repository are checked`;
  say(`leaktrace: ${what} (${before.path})`);
  if (before.hook === "other") say(`  the hook that was there is kept as ${formerName(name)} and runs first`);
  if (/[/\\]\.husky[/\\]_$/.test(folder))
    say(`  husky writes this folder anew when it is installed: leaktrace hook ${name} "$@" in .husky/${name} stays`);
  if (isShared) say("  core.hooksPath leads out of this repository: every repository that uses this folder is checked");
  return exitCodes.clean;
}

async function uninstall(args: readonly string[]): Promise<number> {
  const { name, folder } = await openHooks(args);
  const { hook, hasFormer, path } = await uninstallHook(folder, name);
  if (hook === "none") say(`leaktrace: no hook is installed (${path})`);
  else if (hook === "other") say(`leaktrace: ${path} is not a hook of leaktrace, and is left as it is`);
  else say(`leaktrace: hook removed${hasFormer ? ", the one before it is back" : ""} (${path})`);
  return exitCodes.clean;
}

async function status(args: readonly string[]): Promise<number> {
  const { name, folder } = await openHooks(args);
  const { hook, hasFormer, path } = await hookState(folder, name);
  const text = { none: "not installed", ours: "installed", other: "not installed: there is another hook" }[hook];
  process.stdout.write(`${sanitize(`${text} (${path})`)}\n`);
  if (hook === "ours" && hasFormer) process.stdout.write(`${formerName(name)} runs first\n`);
  return hook === "ours" ? exitCodes.clean : 1;
}

async function openHooks(args: readonly string[]): Promise<{ name: HookName; folder: string; isShared: boolean }> {
  const name = args.includes("--pre-commit") ? "pre-commit" : "pre-push";
  const at = repoOption(args.filter((arg) => arg !== "--pre-commit"));
  const { configuredHooksPath, findRepositoryAbove } = await import("../../sources/git/push.ts");
  const found = findRepositoryAbove(at);
  if (found === undefined) throw new ToolError("not-a-repository", `${at} is not in a git repository`);
  const { repository, root } = found;
  const folder = await hooksFolder({
    root,
    commonDir: repository.commonDir,
    configured: () => configuredHooksPath(repository),
  });
  const isShared = [root, repository.commonDir].every((inside) => !`${folder}/`.startsWith(`${resolve(inside)}/`));
  return { name, folder, isShared };
}

function repoOption(args: readonly string[]): string {
  const [first, second, ...more] = args;
  if (first === undefined) return ".";
  const joined = /^--repo=(.+)$/s.exec(first)?.[1];
  if (joined !== undefined && second === undefined) return joined;
  if (first === "--repo" && second !== undefined && more.length === 0) return second;
  throw usage(`"${args.join(" ")}" is not understood`);
}

async function prePush(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [remote, , ...more] = args;
  if (remote === undefined || more.length > 0)
    throw usage("git gives a pre-push hook the name and the URL of the remote");
  const lines = parsePrePushLines(await readInput());
  const refs = lines.flatMap(({ localRef, localId, remoteRef, remoteId }): PushedRef[] =>
    localRef === undefined || localId === undefined
      ? []
      : [{ localRef, localId, remoteRef, ...(remoteId === undefined ? {} : { remoteId }) }],
  );
  // Deleting a name sends nothing.
  if (refs.length === 0) return exitCodes.clean;
  const { findRepositoryAbove, openPush, pushHead } = await import("../../sources/git/push.ts");
  const { runScan } = await import("./scan.ts");
  const gitDir = process.env["GIT_DIR"];
  const found = gitDir === undefined || gitDir === "" ? findRepositoryAbove(".") : findRepositoryAbove(gitDir);
  if (found === undefined) throw new ToolError("not-a-repository", "the current folder is not in a git repository");
  // git runs hooks at the top of the working tree; by hand it can be any folder in it.
  const root = gitDir === undefined || gitDir === "" ? found.root : ".";
  const { repository } = found;
  const facts: PushFacts = { commits: new Map(), newFiles: 0 };
  const name = root === process.cwd() ? "." : root;
  using progress = showProgress({ stream: process.stderr, env: process.env });
  const options = readScanOptions({ workers: 1 }, signal);
  const report = await runScan(
    {
      targets: [{ name, as: "git" }],
      options,
      open: (target, _options, context) => openPush(target.name, { repository, remote, refs }, context, facts),
    },
    progress,
  );
  progress[Symbol.dispose]();
  const code = gate(report, { exitCode: exitCodes.found });
  for (const line of endLines(report, code, facts, pushHead(repository))) process.stderr.write(`${line}\n`);
  return code;
}

/** Scans what is staged; anything but 0 stops the commit. */
async function preCommit(args: readonly string[], signal: AbortSignal): Promise<number> {
  if (args.length > 0) throw usage("git gives a pre-commit hook no arguments");
  const { openChanges } = await import("../../sources/git/staged/index.ts");
  const { runScan } = await import("./scan.ts");
  // git runs hooks at the top of the working tree, and says where the repository is when that cannot be told from there.
  const gitDir = process.env["GIT_DIR"];
  const at = gitDir === undefined || gitDir === "" ? {} : { gitDir };
  const named = process.env["GIT_INDEX_FILE"];
  const indexFile = named === undefined || named === "" ? undefined : resolve(named);
  using progress = showProgress({ stream: process.stderr, env: process.env });
  const report = await runScan(
    {
      targets: [{ name: ".", as: "git" }],
      options: readScanOptions({ workers: 1 }, signal),
      open: ({ name }, _options, context) =>
        openChanges(name, { kind: "staged", maxBytes: 0, indexFile, ...at }, context),
    },
    progress,
  );
  progress[Symbol.dispose]();
  const code = gate(report, { exitCode: exitCodes.found });
  const lines =
    code === exitCodes.found
      ? stoppedCommitLines(report)
      : code === exitCodes.clean
        ? []
        : incompleteLines(report, "commit");
  for (const line of lines) process.stderr.write(`${line}\n`);
  return code;
}

function* endLines(report: Report, code: number, facts: PushFacts, head: string): Iterable<string> {
  for (const { subject, message } of report.problems.filter(({ effect }) => effect === "note")) {
    yield `leaktrace: note: ${sanitize(subject)}: ${sanitize(message)}`;
  }
  if (code === exitCodes.found) yield* stoppedLines(report, { head, commits: facts.commits });
  else if (code !== exitCodes.clean) yield* incompleteLines(report);
  else if (report.ledger.scanned > 0) {
    yield `leaktrace: no secrets in ${counted(facts.commits.size, "new commit")}, ${counted(facts.newFiles, "new file")}`;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

async function readInput(): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxInputBytes)
      throw new ToolError("hook-input", "standard input is too long for what git gives to a pre-push hook");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function say(line: string): void {
  process.stderr.write(`${sanitize(line)}\n`);
}

function usage(message: string): ToolError {
  return new ToolError("usage", message, { hint: "leaktrace hook --help tells how it is used" });
}
