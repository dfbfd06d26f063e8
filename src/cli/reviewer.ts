import { readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** A configuration of git is some hundred lines; a file of more is none. */
const maxConfigBytes = 1 << 20;

/**
 * Who decides, for the log of decisions: `LEAKTRACE_REVIEWER`, else name and address from the user's own configuration of git (never from that of a repository), else the user of
 * this machine. One line.
 */
export function reviewerName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const asked = oneLine(env["LEAKTRACE_REVIEWER"] ?? "");
  if (asked !== "") return asked;
  const { name, email } = gitUser(env);
  if (name !== undefined) return email === undefined ? name : `${name} <${email}>`;
  return email ?? systemUser(env);
}

/** The user's own files, in git's order (git-config, "FILES"): the later one counts. What they include is not followed. */
function gitUser(env: Readonly<Record<string, string | undefined>>): {
  readonly name?: string;
  readonly email?: string;
} {
  const home = env["HOME"] ?? homedir();
  const folder = env["XDG_CONFIG_HOME"] ?? "";
  const asked = env["GIT_CONFIG_GLOBAL"];
  const paths =
    asked !== undefined
      ? [asked]
      : [join(isAbsolute(folder) ? folder : join(home, ".config"), "git", "config"), join(home, ".gitconfig")];
  const found = new Map<string, string>();
  for (const path of paths) {
    let section = "";
    for (const line of linesOf(path)) {
      const header = /^\s*\[\s*([\w.-]+)\s*(?:"(.*)")?\s*\]/.exec(line);
      if (header !== null) section = header[2] === undefined ? (header[1] ?? "").toLowerCase() : "";
      const field = /^\s*(?:\[[^\]]*\]\s*)?(name|email)\s*=\s*(.*)$/i.exec(line);
      if (section === "user" && field !== null) found.set((field[1] ?? "").toLowerCase(), valueOf(field[2] ?? ""));
    }
  }
  const [name, email] = ["name", "email"]
    .map((key) => found.get(key))
    .map((value) => (value === "" ? undefined : value));
  return { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
}

function linesOf(path: string): readonly string[] {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= maxConfigBytes ? readFileSync(path, "utf8").split("\n") : [];
  } catch {
    return [];
  }
}

/** Quotes and escapes as git writes them; a comment begins outside of quotes. */
function valueOf(text: string): string {
  let value = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') isQuoted = !isQuoted;
    else if (character === "\\") value += text[++i] ?? "";
    else if (!isQuoted && (character === "#" || character === ";")) break;
    else value += character;
  }
  return oneLine(value);
}

function systemUser(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return oneLine(userInfo().username);
  } catch {
    // Containers run as users that have no name.
    return oneLine(env["USER"] ?? "") || "unknown";
  }
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ").trim();
}
