import type { Flag } from "./flags.ts";

/** What gitleaks takes `--redact` without a value for. */
const redactBare = "--redact=100";

/**
 * Rewrites arguments that gitleaks' flag parser understands and ours does not: `--redact` without a value, and `--flag=true`,
 * `--flag=false` for switches. What stands after `--` is left alone, and so is every value.
 */
export function normaliseArguments(args: readonly string[], flags: readonly Flag[]): string[] {
  const switches = new Set<string>();
  const takesValue = new Set<string>();
  for (const { flags: spelling } of flags) {
    for (const name of spelling.match(/(?<!\S)--?[A-Za-z][\w-]*/g) ?? []) {
      (spelling.includes("<") ? takesValue : switches).add(name);
    }
  }
  const result: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") return [...result, ...args.slice(i)];
    if (arg === "--redact") {
      result.push(redactBare);
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
