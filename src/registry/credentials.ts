import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { asRecord, parseJson } from "../content/json.ts";

/** What the user's own files know of a registry. */
export type Credentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** Exchanged for tokens (`docker login` with some registries). */
  | { readonly kind: "identity"; readonly token: string }
  /** A bearer token as it is. */
  | { readonly kind: "bearer"; readonly token: string };

/** Finds credentials; `fault` is told in one line why some could not be had. */
export type FindCredentials = (fault: (message: string) => void) => Promise<Credentials | undefined>;

type Env = Readonly<Record<string, string | undefined>>;

/** A helper is a program of this name in the user's path; nothing else may become one. */
const helperName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const helperMs = 30_000;
const maxFileBytes = 4 << 20;
const oldFile = ".dockercfg";
/** What helpers say of servers that they do not know (docker-credential-helpers, `credentials.go`); they exit with an error then. */
const unknownServer = "credentials not found";
const dockerHub = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/**
 * Looks for credentials where docker, podman and skopeo keep them: `$REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`,
 * `~/.config/containers/auth.json`, `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`; the first that knows the repository counts, the most
 * special entry of it; last `~/.dockercfg`, of the time before them. Only files of the user are read, never those of what is scanned.
 */
export async function findCredentials(
  host: string,
  repository: string,
  env: Env,
  fault: (message: string) => void = () => {},
): Promise<Credentials | undefined> {
  for (const path of authFiles(env)) {
    const config = await readConfig(path);
    if (config === undefined) continue;
    const found = await inConfig(path.endsWith(oldFile) ? { auths: config } : config, host, repository, env, fault);
    if (found !== undefined) return found;
  }
  return undefined;
}

function authFiles(env: Env): string[] {
  const home = env["HOME"] ?? homedir();
  const set = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const runtime = set("XDG_RUNTIME_DIR");
  const named = set("REGISTRY_AUTH_FILE");
  return [
    ...(named === undefined ? [] : [named]),
    ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]),
    join(set("XDG_CONFIG_HOME") ?? join(home, ".config"), "containers", "auth.json"),
    join(set("DOCKER_CONFIG") ?? join(home, ".docker"), "config.json"),
    join(home, oldFile),
  ];
}

type Table = Readonly<Record<string, unknown>>;

async function readConfig(path: string): Promise<Table | undefined> {
  try {
    const bytes = await readFile(path);
    return bytes.length > maxFileBytes ? undefined : asRecord(parseJson(bytes));
  } catch {
    return undefined;
  }
}

async function inConfig(
  config: Table,
  host: string,
  repository: string,
  env: Env,
  fault: (message: string) => void,
): Promise<Credentials | undefined> {
  const names = namesOf(host, repository);
  const helpers = asRecord(config["credHelpers"]) ?? {};
  for (const name of names) {
    const helper = helpers[name];
    if (typeof helper === "string") return askHelper(helper, name, env, fault);
  }
  const auths = asRecord(config["auths"]) ?? {};
  const keys = new Map(Object.keys(auths).map((key) => [normal(key), key]));
  for (const name of names) {
    const key = keys.get(normal(name));
    const found = key === undefined ? undefined : credentialsOf(asRecord(auths[key]) ?? {});
    if (found !== undefined) return found;
  }
  const store = config["credsStore"];
  if (typeof store !== "string") return undefined;
  const [server = host] = dockerHub.includes(host) ? dockerHub : [host];
  return askHelper(store, server, env, fault);
}

/** From the most to the least special: `host/a/b`, `host/a`, `host`. */
function namesOf(host: string, repository: string): string[] {
  const hosts = dockerHub.includes(host) ? ["docker.io", ...dockerHub] : [host];
  const parts = repository.split("/");
  const longer = parts.map((_, i) => `${hosts[0]!}/${parts.slice(0, parts.length - i).join("/")}`);
  return [...longer, ...hosts];
}

/** Keys are hosts, or addresses of an API below one. */
function normal(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/(?:v1|v2)?\/?$/, "");
}

function credentialsOf(entry: Table): Credentials | undefined {
  const { auth, identitytoken: identity, registrytoken: bearer } = entry;
  if (typeof bearer === "string" && bearer !== "") return { kind: "bearer", token: bearer };
  if (typeof identity === "string" && identity !== "") return { kind: "identity", token: identity };
  if (typeof auth !== "string") return plain(entry["username"], entry["password"]);
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : plain(text.slice(0, colon), text.slice(colon + 1));
}

/** `<token>` instead of a name says that the secret is an identity token (docker-credential-helpers). */
function plain(user: unknown, secret: unknown): Credentials | undefined {
  if (typeof user !== "string" || typeof secret !== "string" || secret === "") return undefined;
  return user === "<token>" ? { kind: "identity", token: secret } : { kind: "password", user, password: secret };
}

/** Runs `docker-credential-<name> get`, without a shell. Undefined where it knows nothing, or does not work: that is told. */
async function askHelper(
  name: string,
  server: string,
  env: Env,
  fault: (message: string) => void,
): Promise<Credentials | undefined> {
  if (!helperName.test(name)) {
    fault("a credential helper of the user's files has no proper name");
    return undefined;
  }
  return new Promise((resolve) => {
    const child = execFile(
      `docker-credential-${name}`,
      ["get"],
      { timeout: helperMs, maxBuffer: 1 << 20, env: { ...env }, encoding: "utf8" },
      (error, stdout) => {
        if (error !== null) {
          if (!stdout.includes(unknownServer)) fault(`docker-credential-${name} did not work`);
          return resolve(undefined);
        }
        const answer = asRecord(parseJson(Buffer.from(stdout))) ?? {};
        resolve(plain(answer["Username"], answer["Secret"]));
      },
    );
    // One that does not read its question has closed its end.
    child.stdin?.on("error", () => {});
    child.stdin?.end(server);
  });
}
