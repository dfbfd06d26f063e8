import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { asRecord, asText, asTexts } from "../../content/json.ts";
import { openFolder } from "./store.ts";

/** Where containers/storage keeps images, as far as its settings say so. */
export interface StorageConf {
  /** Empty where it is the usual place. */
  readonly root: string;
  /** Storages of others whose images can be used, and built on (`additionalimagestores`). */
  readonly imageStores: readonly string[];
}

const mostStores = 64;

/** Reads containers-storage.conf(5) of this user: the file that the environment names, or the first one in a usual place. */
export async function readStorageConf(
  env: NodeJS.ProcessEnv = process.env,
  uid: number = process.getuid?.() ?? 0,
): Promise<StorageConf> {
  const own = join(env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "containers/storage.conf");
  const named = env["CONTAINERS_STORAGE_CONF"] ?? "";
  const shared = ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"];
  const files = named !== "" ? [named] : uid === 0 ? shared : [own, ...shared];
  for (const file of files) {
    const table = await tableIn(file);
    if (table === undefined) continue;
    const storage = asRecord(table["storage"]) ?? {};
    const options = asRecord(storage["options"]) ?? {};
    const path = (text: string): string =>
      text.replace(/\$(?:HOME\b|\{HOME\})/g, homedir()).replace(/\$UID\b/g, `${uid}`);
    // What is set for the machine is not for a user's own storage.
    const isOwn = uid === 0 || !shared.includes(file);
    const root = path(asText(isOwn ? storage["graphroot"] : storage["rootless_storage_path"]));
    const imageStores = asTexts(options["additionalimagestores"]).map(path).filter(isPath).slice(0, mostStores);
    return { root: isPath(root) ? root : "", imageStores };
  }
  return { root: "", imageStores: [] };
}

function isPath(text: string): boolean {
  return text.startsWith("/");
}

async function tableIn(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await openFolder("/").read(file);
  if (typeof bytes === "string") return undefined;
  try {
    return asRecord(parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return undefined;
  }
}
