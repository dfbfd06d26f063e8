import { isDigest } from "../content/digest.ts";

/** An image in a registry, as people name it (distribution reference grammar; containers-transports(5) for the defaults). */
export interface ImageReference {
  /** For people and credentials: `docker.io`, `registry.example.org:5000`. */
  readonly host: string;
  readonly repository: string;
  /** Empty where a digest alone was given. */
  readonly tag: string;
  /** Counts before the tag. */
  readonly digest: string;
  /** Whether host and tag (or digest) were spelled out: then it can be nothing but a reference. */
  readonly isExplicit: boolean;
}

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryForm = new RegExp(`^${component}(?:/${component})*$`);
const tagForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const hostForm = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const longestName = 255;

/** Whether a text can be a tag. */
export function isTag(text: string): boolean {
  return tagForm.test(text);
}

/** Reads a reference, with or without `docker://` in front; undefined for what is none. Without a host it is one of Docker Hub, without a tag `latest`. */
export function parseReference(text: string): ImageReference | undefined {
  const rest = text.replace(/^docker:\/\//, "");
  const at = rest.indexOf("@");
  const digest = at < 0 ? "" : rest.slice(at + 1);
  if (at >= 0 && !isDigest(digest)) return undefined;
  const named = at < 0 ? rest : rest.slice(0, at);
  const slash = named.indexOf("/");
  const first = slash < 0 ? "" : named.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === "localhost";
  const host = hasHost ? first : "docker.io";
  const path = hasHost ? named.slice(slash + 1) : named;
  const colon = path.lastIndexOf(":");
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? "" : path.slice(colon + 1);
  const repository = host === "docker.io" && !name.includes("/") ? `library/${name}` : name;
  if (!hostForm.test(host) || !repositoryForm.test(repository) || host.length + repository.length >= longestName)
    return undefined;
  if (colon >= 0 && !isTag(tag)) return undefined;
  const isExplicit = text.startsWith("docker://") || (hasHost && (tag !== "" || digest !== ""));
  return { host, repository, tag: tag === "" && digest === "" ? "latest" : tag, digest, isExplicit };
}

/** A registry that holds repositories of another one, below names of its own. */
export interface Mirror {
  /** Whose repositories it has. */
  readonly of: string;
  readonly host: string;
  /** Stands before their names there; ends with a slash, or is empty. */
  readonly prefix: string;
}

/** Reads `registry=mirror` or `registry=mirror/prefix`; undefined for what is none. */
export function parseMirror(text: string): Mirror | undefined {
  const [of = "", place = "", ...more] = text.split("=");
  const slash = place.indexOf("/");
  const host = slash < 0 ? place : place.slice(0, slash);
  const prefix = slash < 0 ? "" : place.slice(slash + 1).replace(/\/$/, "");
  if (more.length > 0 || !hostForm.test(of) || !hostForm.test(host)) return undefined;
  if (prefix !== "" && !repositoryForm.test(prefix)) return undefined;
  return { of, host, prefix: prefix === "" ? "" : `${prefix}/` };
}

/** Where the registry of a host answers. */
export function apiHost(host: string): string {
  return host === "docker.io" || host === "index.docker.io" ? "registry-1.docker.io" : host;
}

/** Whether nobody but this machine answers under a host: only there plain HTTP needs no asking. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}
