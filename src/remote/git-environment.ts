import { execFile } from "node:child_process";
import { dirname } from "node:path";
import type { Address, Credentials } from "./address.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Setting = readonly [key: string, value: string];

/** An answer to a question for credentials takes a password manager some time. */
const askMs = 60_000;

/** Variables of git that say how hosts are reached and who asks. Others lead into other repositories, start programs, or write logs. */
const keptVariables = /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|PROXY_\w+|HTTP_\w+|EXEC_PATH)$/;

/** Settings of the user that say the same. */
const keptSettings = /^(?:credential\.|http\.|url\..*\.insteadof$|core\.(?:sshcommand|askpass)$|ssh\.variant$)/is;

/** What holds whatever the user set. */
const ownSettings: readonly Setting[] = [
  ["http.followRedirects", "initial"],
  ["http.saveCookies", "false"],
  ["core.hooksPath", "/dev/null"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["fetch.writeCommitGraph", "false"],
  // All goes into one pack, whose size is watched.
  ["fetch.unpackLimit", "1"],
];

/**
 * What git holds in memory in one piece: a list of refs that does not end, an object (a delta of ten bytes can ask for any amount). Objects beyond half a gigabyte
 * are no deltas and go to the disk in pieces (git-config, `core.bigFileThreshold`).
 */
const mostAllocated = "768m";

/** Answers git's question for credentials from two variables, so that no list of processes and no file shows them. */
const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$LEAKTRACE_GIT_USER" "$LEAKTRACE_GIT_PASSWORD"; }; f`;

/**
 * The environment in which git fetches from `address`: the user's own keys, credentials, certificates and proxies; no configuration of the machine, no
 * hooks, no transports beyond the one asked for, no questions. `folder`: where it runs; nothing above it is looked at. Undefined where there is no git.
 */
export async function gitEnvironment(
  address: Extract<Address, { transport: "http" | "https" | "ssh" }>,
  folder: string,
  env: Environment,
): Promise<Environment | undefined> {
  const base = {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_/i.test(name) || keptVariables.test(name))),
    LC_ALL: "C",
    LANGUAGE: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: dirname(folder),
    GIT_TERMINAL_PROMPT: "0",
    // No way down from https to http.
    GIT_ALLOW_PROTOCOL: address.transport === "http" ? "http:https:ssh" : "https:ssh",
    GIT_ALLOC_LIMIT: mostAllocated,
  };
  const listed = await listSettings({ ...base, ...givenSettings(env) }, folder);
  if (listed === undefined) return undefined;
  const kept = listed.filter(([key]) => keptSettings.test(key));
  const hasOwnSsh =
    env["GIT_SSH"] !== undefined ||
    env["GIT_SSH_COMMAND"] !== undefined ||
    kept.some(([key]) => key === "core.sshcommand");
  const settled: Environment = {
    ...base,
    GIT_CONFIG_GLOBAL: "/dev/null",
    ...(hasOwnSsh ? {} : { GIT_SSH_COMMAND: "ssh -o BatchMode=yes" }),
  };
  const settings = [...kept, ...ownSettings];
  if (address.transport === "ssh" || address.credentials === undefined) return { ...settled, ...asVariables(settings) };
  const { origin } = new URL(address.url);
  const { user, password } = await completed(
    address.credentials,
    origin,
    { ...settled, ...asVariables(settings) },
    folder,
  );
  return {
    ...settled,
    LEAKTRACE_GIT_USER: user,
    LEAKTRACE_GIT_PASSWORD: password,
    // The empty one takes the user's helpers out: they would be told to keep what was given for this once.
    ...asVariables([...settings, [`credential.${origin}.helper`, ""], [`credential.${origin}.helper`, helper]]),
  };
}

/** A user without a password: the user's own helpers may know it. Tokens are often written in the user's place, and have none. */
async function completed(
  { user, password }: Credentials,
  origin: string,
  env: Environment,
  folder: string,
): Promise<Required<Credentials>> {
  if (password !== undefined) return { user, password };
  const { protocol, host } = new URL(origin);
  const question = `protocol=${protocol.replace(":", "")}\nhost=${host}\nusername=${user}\n\n`;
  const answer = await ask(
    ["credential", "fill"],
    { ...env, GIT_ASKPASS: env["GIT_ASKPASS"] ?? "true" },
    folder,
    question,
  );
  return { user, password: /^password=(.*)$/m.exec(answer ?? "")?.[1] ?? "" };
}

/** What git would do here, without the machine's configuration; undefined where there is no git. */
async function listSettings(env: Environment, folder: string): Promise<Setting[] | undefined> {
  const text = await ask(["config", "--list", "--null", "--includes"], env, folder, "");
  return text
    ?.split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const end = entry.indexOf("\n");
      // A key alone is a switch that is on.
      return end < 0 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    });
}

/** The user's settings in variables (git-config, `GIT_CONFIG_COUNT`), and where his file is. */
function givenSettings(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => /^GIT_CONFIG_(?:COUNT|GLOBAL|PARAMETERS|KEY_\d+|VALUE_\d+)$/.test(name)),
  );
}

function asVariables(settings: readonly Setting[]): Environment {
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(settings.length)],
    ...settings.flatMap(([key, value], i) => [
      [`GIT_CONFIG_KEY_${i}`, key],
      [`GIT_CONFIG_VALUE_${i}`, value],
    ]),
  ]);
}

/** What git answers; empty where it fails, undefined where there is none. */
export function ask(
  args: readonly string[],
  env: Environment,
  cwd: string,
  input: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return new Promise((done) => {
    const ended = signal === undefined ? {} : { signal };
    const child = execFile("git", args, { cwd, env, timeout: askMs, maxBuffer: 1 << 24, ...ended }, (error, stdout) =>
      done(error === null ? stdout : "code" in error && error.code === "ENOENT" ? undefined : ""),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
