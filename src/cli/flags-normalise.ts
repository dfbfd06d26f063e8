import type { Flag } from "./flags.ts";

/** What gitleaks takes `--redact` without a value for. */
const redactBare = "--redact=100";

/** The names of options, by whether a value follows. */
interface Names {
  readonly switches: ReadonlySet<string>;
  readonly takesValue: ReadonlySet<string>;
}

/**
 * Rewrites arguments that gitleaks' flag parser understands and ours does not: options before the command, `--redact` without a value, and
 * `--flag=true`, `--flag=false` for switches. What stands after `--` is left alone, and so is every value. `--redact 30` is taken as it is
 * meant, which gitleaks does not do: no path is called like a percentage.
 */
export function normaliseArguments(given: readonly string[], flags: readonly Flag[]): string[] {
  const names = namesIn(flags);
  const { switches, takesValue } = names;
  const args = behindCommand(given, names);
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") return [...result, ...args.slice(i)];
    if (arg === "--redact") {
      const percent = /^(?:\d{1,2}|100)$/.exec(args[i + 1] ?? "")?.[0];
      if (percent !== undefined) i++;
      result.push(percent === undefined ? redactBare : `--redact=${percent}`);
      continue;
    }
    const [, name = "", value = ""] = /^(--[A-Za-z][\w-]*)=(true|false|1|0|t|f)$/i.exec(arg) ?? [];
    if (switches.has(name) && !takesValue.has(name)) {
      if (/^[t1]/i.test(value)) result.push(name);
      continue;
    }
    result.push(arg);
    const next = args[i + 1];
    // The value of an option is never an option itself, whatever it looks like: `-r --redact` writes to a file of that name.
    if (takesValue.has(arg) && next !== undefined) {
      result.push(next);
      i++;
    }
  }
  return result;
}

function namesIn(flags: readonly Flag[]): Names {
  const switches = new Set<string>();
  const takesValue = new Set<string>();
  for (const { flags: spelling } of flags) {
    for (const name of spelling.match(/(?<!\S)--?[A-Za-z][\w-]*/g) ?? []) {
      (spelling.includes("<") ? takesValue : switches).add(name);
    }
  }
  return { switches, takesValue };
}

/** Options of scans that stand before the command (`leaktrace -v git`), moved behind it. What is not known stays, and is told by the parser. */
function behindCommand(args: readonly string[], { switches, takesValue }: Names): readonly string[] {
  let i = 0;
  while (i < args.length) {
    const arg = args[i]!;
    const [name = ""] = arg.split("=", 1);
    if (!arg.startsWith("-")) break;
    // Its value is optional: a word behind it is the command, a number is not.
    if (name === "--redact") i += arg === name && /^\d+$/.test(args[i + 1] ?? "") ? 2 : 1;
    else if (switches.has(name)) i++;
    else if (takesValue.has(name)) i += arg === name ? 2 : 1;
    else return args;
  }
  const command = args[i];
  return i === 0 || command === undefined ? args : [command, ...args.slice(0, i), ...args.slice(i + 1)];
}
