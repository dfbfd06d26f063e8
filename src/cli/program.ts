import { Command, CommanderError, Option } from "commander";
import { addCaseCommand } from "./case-command.ts";
import { exitCodes, listenForInterruption } from "./exit.ts";
import { flagsOf, scanFlags, type Flag, type ScanCommand } from "./flags.ts";
import { normaliseArguments } from "./flags-normalise.ts";
import { readScanOptions } from "./flags-read.ts";
import { exampleText, exitCodeHelp, overview, verifyFixHelp } from "./help.ts";
import type { ScanOptions } from "./options.ts";
import { ourWordFor } from "./other-scanners.ts";

/** What a command's module does: arguments and options in, exit code out. */
type Run<O> = (args: string[], options: O) => Promise<number>;

/** Wider help is hard to read, and this is what a pipe gets. */
const widestHelp = 100;

/** Where an action leaves the exit code. */
interface Outcome {
  code: number;
}

/** Parses the arguments and runs the command they name. Gives the exit code; throws what the command throws. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const outcome: Outcome = { code: exitCodes.clean };
  const program = buildProgram(outcome);
  try {
    await program.parseAsync(normaliseArguments(argv, scanFlags), { from: "user" });
    return outcome.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.clean : exitCodes.usage;
  }
}

/** The whole command line: what is parsed, helped with, completed. */
export function buildProgram(outcome: Outcome): Command {
  const program = new Command("leaktrace")
    .helpCommand("help [command]", "tell more of a command")
    .helpOption("-h, --help", "tell more")
    .configureOutput({ outputError: (text, write) => write(errorText(text)) })
    .configureHelp({ helpWidth: Math.min(widestHelp, process.stdout.columns || widestHelp), showGlobalOptions: false })
    .exitOverride()
    .enablePositionalOptions();
  // The overview is written for people; what commander would list says less.
  program.helpInformation = () => overview;

  scanCommand(
    program,
    "scan",
    "[targets...]",
    "look at what each target is, and scan it",
    outcome,
    async (args, options) => {
      const targets = args.length === 0 && options.targetsFile === undefined ? ["."] : args;
      return (await import("./commands/scan.ts")).run(targets, options);
    },
  );
  scanCommand(program, "git", "[repository]", "scan everything in a git repository", outcome, runGit);
  scanCommand(program, "image", "<images...>", "scan container images", outcome, async (args, options) =>
    (await import("./commands/image.ts")).run(args, options),
  );
  scanCommand(program, "dir", "[paths...]", "scan files and folders", outcome, runDir).aliases([
    "file",
    "files",
    "directory",
  ]);
  const stdin = scanCommand(program, "stdin", "", "scan standard input", outcome, async (_args, options) => {
    if (process.stdin.isTTY) stdin.help({ error: true });
    return runStdin([], options, {});
  });
  scanCommand(
    program,
    "review",
    "[targets...]",
    "go through findings in the terminal",
    outcome,
    async (args, options, values) =>
      (await import("./commands/review.ts")).run(args, {
        ...options,
        plain: values["plain"] === true,
        screenReader: values["screenReader"] === true,
        ...(values["background"] === "light" || values["background"] === "dark"
          ? { background: values["background"] }
          : {}),
      }),
  )
    .option("--plain", "ask one question a line, without a screen")
    .option("--screen-reader", "say what changes line by line; keys are those of the screen")
    .addOption(
      new Option("--background <kind>", "colours for a terminal with a light or a dark background").choices([
        "light",
        "dark",
      ]),
    );

  scanCommand(
    program,
    "explain",
    "<place> [target]",
    "why something at a place is reported, or is not",
    outcome,
    async (args, options) => (await import("./commands/explain.ts")).run(args, options),
  );
  scanCommand(
    program,
    "fix",
    "<image> [context]",
    "what to do about the secrets in an image; with the folder it is built from, as a patch",
    outcome,
    async (args, options, { patch }) =>
      (await import("./commands/fix.ts")).run(args, { ...options, ...(typeof patch === "string" ? { patch } : {}) }),
  );
  scanCommand(
    program,
    "verify-fix",
    "<old> <new>",
    "whether an image that was built anew still holds what was found in the old one (or in its report)",
    outcome,
    async (args, options) => (await import("./commands/verify-fix.ts")).run(args, options),
  );
  scanCommand(
    program,
    "report",
    "<source>",
    "write a report in any format from a case, or from a report in JSON lines",
    outcome,
    async (args, options) => (await import("./commands/report.ts")).run(args, options),
  );
  rawCommand(program, "hook", "install, remove and run the git hook", outcome, async (args, options) =>
    (await import("./commands/hook.ts")).run(args, options),
  );
  rawCommand(program, "demo", "scan a small repository and an image made for it", outcome, async (args, options) =>
    (await import("./commands/demo.ts")).run(args, options),
  );
  rulesCommand(program, outcome);
  configCommand(program, outcome);
  cacheCommand(program, outcome);
  addCaseCommand(program, outcome);
  program
    .command("completion")
    .description("completion for a shell")
    .argument("<shell>", "bash, zsh or fish")
    .addHelpText("before", exampleText("completion"))
    .action(async (shell: string) => {
      outcome.code = (await import("./commands/completion.ts")).run([shell]);
    });
  program
    .command("version")
    .description("the version")
    .action(async () => {
      outcome.code = (await import("./commands/version.ts")).run([]);
    });
  oldCommands(program, outcome);
  return program;
}

type ScanAction = (args: string[], options: ScanOptions, values: Readonly<Record<string, unknown>>) => Promise<number>;

const runGit: ScanAction = async (args, options) =>
  // gitleaks takes an empty argument for the current folder.
  (await import("./commands/git.ts")).run([args[0] === undefined || args[0] === "" ? "." : args[0]], options);

const runDir: ScanAction = async (args, options) =>
  (await import("./commands/dir.ts")).run(args.length === 0 ? ["."] : args, options);

const runStdin: ScanAction = async (args, options) => (await import("./commands/stdin.ts")).run(args, options);

function scanCommand(
  program: Command,
  name: ScanCommand,
  argument: string,
  description: string,
  outcome: Outcome,
  action: ScanAction,
): Command {
  const command = program.command(name).description(description);
  if (argument !== "") command.arguments(argument);
  addFlags(command, name);
  return command
    .addHelpText("before", exampleText(name))
    .addHelpText("after", exitCodeHelpOf(name))
    .action(async () => {
      outcome.code = await interruptible((signal) => {
        const values: Readonly<Record<string, unknown>> = command.opts();
        return action(command.args, readScanOptions(values, signal), values);
      }, name === "review");
    });
}

function exitCodeHelpOf(name: ScanCommand): string {
  if (name === "explain" || name === "fix") return "";
  return name === "verify-fix" ? verifyFixHelp : exitCodeHelp;
}

function addFlags(command: Command, name: ScanCommand): void {
  for (const flag of flagsOf(name)) addFlag(command, flag);
}

function addFlag(command: Command, flag: Flag): void {
  const option = new Option(flag.flags, flag.description).helpGroup(`${flag.group}:`).hideHelp(flag.hidden === true);
  if (flag.parse !== undefined) option.argParser(flag.parse);
  command.addOption(option);
}

/** Runs a command that stops at the first signal. `ownsTerminal`: it has a screen to restore and handles signals itself. */
async function interruptible(run: (signal: AbortSignal) => Promise<number>, ownsTerminal: boolean): Promise<number> {
  if (ownsTerminal) return run(new AbortController().signal);
  using interruption = listenForInterruption((text) => void process.stderr.write(text));
  return interruption.exitCode(await run(interruption.signal));
}

/** A command that reads its own arguments. */
function rawCommand(
  program: Command,
  name: string,
  description: string,
  outcome: Outcome,
  run: Run<{ readonly signal: AbortSignal }>,
): void {
  const command = program
    .command(name)
    .description(description)
    .argument("[arguments...]")
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async () => {
      outcome.code = await interruptible((signal) => run(command.args, { signal }), name === "demo");
    });
}

function rulesCommand(program: Command, outcome: Outcome): void {
  const rules = program
    .command("rules")
    .description("the kinds of secrets that are known")
    .addHelpText("before", exampleText("rules"));
  for (const [name, argument, description] of [
    ["list", "", "all rules: id, severity, description"],
    ["show", "<id>", "everything about one rule"],
    ["test", "<id> [file]", "what one rule makes of a file, of standard input (-), or of an example of its own"],
  ] as const) {
    const command = rules.command(name).description(description);
    if (argument !== "") command.arguments(argument);
    if (name === "show") command.option("--regex", "also its regex as a whole, however long");
    command.option("-c, --config <path>", "rules from this leaktrace or gitleaks configuration").action(async () => {
      const { config, regex = false } = command.opts<{ config?: string; regex?: boolean }>();
      const options = { ...(config === undefined ? {} : { config }), regex };
      outcome.code =
        name === "test"
          ? await (await import("./commands/rules-test.ts")).run(command.args, options)
          : await (await import("./commands/rules.ts")).run([name, ...command.args], options);
    });
  }
  rules
    .command("check")
    .description("what is wrong or odd in a configuration's rules, and whether its examples hold")
    .argument("<config>")
    .action(async (config: string) => {
      outcome.code = await (await import("./commands/rules-check.ts")).run([config]);
    });
  const diff = rules
    .command("diff")
    .description("what a target gains and loses with other rules")
    .argument("<before>", "a configuration, or built-in")
    .argument("<after>", "a configuration, or built-in")
    .argument("[target]", "what is scanned with both", ".");
  diff.action(async () => {
    outcome.code = await interruptible(
      async (signal) => (await import("./commands/rules-diff.ts")).run(diff.args, readScanOptions({}, signal)),
      false,
    );
  });
}

function configCommand(program: Command, outcome: Outcome): void {
  const config = program
    .command("config")
    .description("what a scan of a target would go by")
    .addHelpText("before", exampleText("config"));
  for (const [name, description] of [
    ["show", "rules, decisions, baseline and cache that a scan would use"],
    ["check", "whether all of it can be read, and still finds a secret"],
  ] as const) {
    const command = config.command(name).description(description).argument("[target]", "what would be scanned", ".");
    for (const flag of flagsOf("explain").filter(({ group }) => group === "Rules and decisions"))
      addFlag(command, flag);
    if (name === "show") command.option("--origin", "also where each rule comes from that is not built in as it is");
    command.action(async () => {
      const values: Readonly<Record<string, unknown>> = command.opts();
      outcome.code = await interruptible(async (signal) => {
        const { run } = await import("./commands/config.ts");
        return run([name, ...command.args], { ...readScanOptions(values, signal), origin: values["origin"] === true });
      }, false);
    });
  }
}

function cacheCommand(program: Command, outcome: Outcome): void {
  const cache = program.command("cache").description("what earlier scans left for later ones");
  for (const [name, description] of [
    ["show", "where it is, and how much"],
    ["clear", "forget all of it"],
  ] as const) {
    const command = cache.command(name).description(description);
    command.option("--cache-dir <folder>", "the cache in this folder").action(async () => {
      const { cacheDir } = command.opts<{ cacheDir?: string }>();
      const { run } = await import("./commands/cache.ts");
      outcome.code = await run([name], cacheDir === undefined ? {} : { cacheFolder: cacheDir });
    });
  }
}

/** `detect` and `protect`, which gitleaks had before `git`, `dir` and `stdin`; scripts and CI still call them. */
function oldCommands(program: Command, outcome: Outcome): void {
  for (const name of ["detect", "protect"] as const) {
    const command = program.command(name, { hidden: true }).option("-s, --source <path>", "", ".");
    if (name === "detect") command.option("--no-git").option("--pipe").option("--follow-symlinks");
    addFlags(command, "git");
    command.action(async () => {
      outcome.code = await interruptible((signal) => {
        const values: Readonly<Record<string, unknown>> = command.opts();
        // `protect` was what `git --pre-commit` is now.
        const options = readScanOptions(name === "protect" ? { ...values, preCommit: true } : values, signal);
        const source = typeof values["source"] === "string" ? values["source"] : ".";
        if (values["pipe"] === true) return runStdin([], options, values);
        if (values["git"] === false) return runDir([source], options, values);
        return runGit([source], options, values);
      }, false);
    });
  }
}

/** `error: unknown option '--confg'` and its suggestion, in our words. */
function errorText(text: string): string {
  const [first = "", ...rest] = text.trimEnd().split("\n");
  const [, word = ""] = /^error: unknown (?:option|command) '(.*)'$/.exec(first) ?? [];
  const ours = ourWordFor(word);
  const told = ours === undefined ? rest : [`here: ${ours}`];
  const hints = told.map((line) => `  ${line.replace(/^\((.*)\)$/, "$1")}\n`).join("");
  return `leaktrace: ${first.replace(/^error: /, "")}\n${hints}`;
}
