import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What a user gave with the address to prove who he is. Secret: it goes to the host that was asked, and nowhere else. */
export interface Credentials {
  readonly user: string;
  /** Absent where the address names a user alone. */
  readonly password?: string;
}

/** A repository that is not named by a path. `url` holds no credentials and is fit to be shown. */
export type Address =
  | {
      readonly transport: "http" | "https" | "ssh";
      readonly url: string;
      readonly credentials?: Credentials;
    }
  | { readonly transport: "file"; readonly url: string; readonly path: string }
  /** It looks like an address, and none can be made of it. */
  | { readonly transport: "none"; readonly url: string; readonly fault: string };

const schemes: ReadonlyMap<string, "http" | "https" | "ssh" | "file" | "none"> = new Map([
  ["http", "http"],
  ["https", "https"],
  ["git+http", "http"],
  ["git+https", "https"],
  ["ssh", "ssh"],
  ["git+ssh", "ssh"],
  ["ssh+git", "ssh"],
  ["file", "file"],
  ...["git", "ftp", "ftps", "ext", "fd"].map((name) => [name, "none"] as const),
]);

/** `user@host:path`, as scp writes it. An image by its digest (`name@sha256:…`) has the same form, and a path never has it. */
const scpForm = /^([\w.+-]+)@(\[[\da-f:.]+\]|[\w.-]+):(?!\/\/)(.+)$/is;
const imageDigest = /@sha(?:256|512):[\da-f]{64,}$/i;

/**
 * Reads what names a repository elsewhere: `https://`, `http://`, `ssh://`, `file://`, `user@host:path`. Undefined for everything else, such as the
 * path of a file that is there. What is wrong with an address is told by it, without its credentials.
 */
export function parseAddress(name: string): Address | undefined {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):(\/\/.*|:.*)$/is.exec(name) ?? [];
  const transport = schemes.get(scheme.toLowerCase());
  if (transport === undefined) return scheme === "" ? scpAddress(name) : undefined;
  const shown = withoutCredentials(name);
  if (transport === "none" || rest.startsWith(":"))
    return invalid(shown, `repositories are fetched by https, http and ssh, not by ${scheme.toLowerCase()}`);
  try {
    return transport === "file" ? fileAddress(shown) : urlAddress(transport, rest, shown);
  } catch {
    return invalid(shown, "is not a URL");
  }
}

function urlAddress(transport: "http" | "https" | "ssh", rest: string, shown: string): Address {
  // Schemes that the standard calls special are parsed alike, and strictly.
  const url = new URL(`${transport === "ssh" ? "http" : transport}:${rest}`);
  const [user, password] = [url.username, url.password].map((part) => decodeURIComponent(part)) as [string, string];
  if (url.search !== "" || url.hash !== "")
    return invalid(shown, "the address of a repository has no query (?…) and no fragment (#…)");
  if (url.hostname.startsWith("-") || user.startsWith("-") || /\p{Cc}/u.test(user + password))
    return invalid(shown, "is not a URL");
  if (url.pathname === "/") return invalid(shown, "names a host and no repository");
  if (transport === "ssh") {
    if (password !== "") return invalid(shown, "ssh takes no password from an address; use a key, or https");
    // 80 is the usual port of the scheme that stood in.
    const port = rest.slice(2).split("/", 1)[0]!.endsWith(":80") ? ":80" : url.port === "" ? "" : `:${url.port}`;
    return {
      transport,
      url: `ssh://${url.username === "" ? "" : `${url.username}@`}${url.hostname}${port}${url.pathname}`,
    };
  }
  const given =
    user === "" && password === "" ? {} : { credentials: { user, ...(password === "" ? {} : { password }) } };
  return { transport, url: `${url.origin}${url.pathname}`, ...given };
}

function fileAddress(shown: string): Address {
  const url = new URL(shown);
  if (url.hostname !== "" && url.hostname !== "localhost")
    return invalid(shown, "a file:// address names a path on this machine");
  return { transport: "file", url: shown, path: fileURLToPath(`file://${url.pathname}`) };
}

function scpAddress(name: string): Address | undefined {
  const [, user = "", host = ""] = scpForm.exec(name) ?? [];
  if (host === "" || imageDigest.test(name) || existsSync(name)) return undefined;
  if (user.startsWith("-") || host.startsWith("-") || /\p{Cc}/u.test(name)) return invalid(name, "is not an address");
  return { transport: "ssh", url: name };
}

function invalid(url: string, fault: string): Address {
  return { transport: "none", url, fault };
}

/** Whatever may stand before the host, up to the last `@`, and the query: tokens are written there too. */
function withoutCredentials(name: string): string {
  return name.replace(/^([^:]*:(?:\/\/|:)).*@/s, "$1").replace(/[?#].*$/s, "");
}
