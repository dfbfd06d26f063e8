import type { Command } from "commander";
import { ToolError } from "../../model/problem.ts";
import { scanFlags } from "../flags.ts";
import { buildProgram } from "../program.ts";

/** What can follow a command: its own options and sub-commands, and the values that some options take. */
interface Completed {
  readonly path: string;
  readonly description: string;
  readonly options: readonly { readonly name: string; readonly description: string; readonly takesValue: boolean }[];
}

/** Prints a completion script for a shell, made from the program's own table of commands and options. */
export function run(args: readonly string[]): number {
  const [shell] = args;
  const script = shell === "bash" ? bash : shell === "zsh" ? zsh : shell === "fish" ? fish : undefined;
  if (script === undefined) {
    throw new ToolError("usage", `there is no completion for ${shell ?? "this shell"}`, {
      hint: "The shells are bash, zsh, fish.",
    });
  }
  const program = buildProgram({ code: 0 });
  process.stdout.write(script(program.commands.flatMap((command) => completed(command, ""))));
  return 0;
}

function completed(command: Command, above: string): readonly Completed[] {
  const path = above === "" ? command.name() : `${above} ${command.name()}`;
  // gitleaks' old commands stay out: they are for scripts that have them already.
  if (path === "detect" || path === "protect") return [];
  const options = command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      name: option.long ?? option.flags,
      description: option.description,
      takesValue: option.required || option.optional,
    }));
  const own = { path, description: command.description(), options };
  const read = ownArguments.get(path) ?? [];
  return [
    own,
    ...read.map((word) => ({ ...own, path: `${path} ${word}` })),
    ...command.commands.flatMap((sub) => completed(sub, path)),
  ];
}

/** Sub-commands of commands that read their arguments themselves. */
const ownArguments: ReadonlyMap<string, readonly string[]> = new Map([["hook", ["install", "uninstall", "status"]]]);

/** Known values of an option, by each of its names. */
const valuesOf: ReadonlyMap<string, readonly string[]> = new Map(
  scanFlags.flatMap(({ flags, values }) => {
    const names = flags.match(/(?<!\S)--?[a-z][\w-]*/g) ?? [];
    return values === undefined ? [] : names.map((name) => [name, values] as const);
  }),
);

function childrenOf(commands: readonly Completed[], path: string): readonly Completed[] {
  const prefix = path === "" ? "" : `${path} `;
  return commands.filter((child) => child.path.startsWith(prefix) && !child.path.slice(prefix.length).includes(" "));
}

function words(commands: readonly Completed[], path: string): string {
  const options = commands.find((command) => command.path === path)?.options.map(({ name }) => name) ?? [];
  const children = childrenOf(commands, path).map((child) => child.path.split(" ").at(-1) ?? "");
  return [...children, ...options].join(" ");
}

function bash(commands: readonly Completed[]): string {
  const values = [...valuesOf].map(
    ([name, known]) => `    ${name}) COMPREPLY=($(compgen -W "${known.join(" ")}" -- "$word")); return ;;`,
  );
  const cases = commands.map(({ path }) => `    "${path}") known="${words(commands, path)}" ;;`);
  const nested = commands.filter(({ path }) => path.includes(" ")).map(({ path }) => `"${path}"`);
  return `# bash completion for leaktrace
_leaktrace() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" known=""
  COMPREPLY=()
  case "$previous" in
${values.join("\n")}
  esac
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "${words(commands, "")}" -- "$word"))
    return
  fi
  case "$command \${COMP_WORDS[2]}" in
    ${nested.join("|")}) command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$known" -- "$word"))
}
complete -o default -o bashdefault -F _leaktrace leaktrace
`;
}

function zsh(commands: readonly Completed[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
  const list = childrenOf(commands, "").map(({ path, description }) => `    '${path}:${quoted(description)}'`);
  const cases = commands.map(({ path, options }) => {
    const specs = options.map(({ name, description, takesValue }) => {
      const known = valuesOf.get(name);
      const value = known !== undefined ? `:value:(${known.join(" ")})` : takesValue ? ":value:_files" : "";
      return `'*${name}[${quoted(description)}]${value}'`;
    });
    const children = childrenOf(commands, path).map((child) => child.path.split(" ").at(-1));
    const rest = children.length > 0 ? `'1:command:(${children.join(" ")})'` : "'*:file:_files'";
    return `    '${path}') _arguments ${[...specs, rest].join(" ")} ;;`;
  });
  return `#compdef leaktrace
_leaktrace() {
  local -a commands
  commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.filter((line) => !/^ {4}'[^']* /.test(line)).join("\n")}
  esac
}
compdef _leaktrace leaktrace
`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines: string[] = [];
  for (const { path, description, options } of commands) {
    const [top = "", sub] = path.split(" ");
    if (sub === undefined)
      lines.push(`complete -c leaktrace -n __fish_use_subcommand -a ${top} -d ${quoted(description)}`);
    else
      lines.push(`complete -c leaktrace -n '__fish_seen_subcommand_from ${top}' -a ${sub} -d ${quoted(description)}`);
    for (const option of options) {
      const known = valuesOf.get(option.name);
      const value = known !== undefined ? ` -x -a ${quoted(known.join(" "))}` : option.takesValue ? " -r" : "";
      const when = `'__fish_seen_subcommand_from ${sub ?? top}'`;
      lines.push(
        `complete -c leaktrace -n ${when} -l ${option.name.replace(/^--/, "")}${value} -d ${quoted(option.description)}`,
      );
    }
  }
  return `# fish completion for leaktrace\n${lines.join("\n")}\n`;
}
