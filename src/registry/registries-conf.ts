import { asArray, asRecord, asText } from "../content/json.ts";
import { parseReference, type ImageReference } from "./reference.ts";

/** Where an image is asked for, as containers-registries.conf(5) says. */
export interface Route {
  /** What stands at the registry that answers for the name. */
  readonly reference: ImageReference;
  /** Asked before that, in this order. */
  readonly mirrors: readonly ImageReference[];
  /** Registries and mirrors that may be asked without TLS. */
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly isBlocked: boolean;
}

/** What is wrong with a file. */
export class RegistriesConfFault extends Error {}

type Use = "all" | "digest-only" | "tag-only";

interface Place {
  readonly location: string;
  readonly isInsecure: boolean;
}

interface Registry extends Place {
  /** A host, part of a name below it, or `*.` and the end of a host. */
  readonly prefix: string;
  readonly isBlocked: boolean;
  readonly mirrors: readonly (Place & { readonly use: Use })[];
}

const mostRegistries = 10_000;

/** The configuration of podman, buildah and skopeo (version 2), as far as it says where names lead: aliases, prefixes, mirrors, what is blocked. */
export class RegistriesConf {
  readonly #registries: readonly Registry[];
  readonly #aliases: Readonly<Record<string, unknown>>;
  /** Where names without a host are looked for. */
  readonly #searches: readonly string[];

  /** `table`: the file, read as TOML. Throws RegistriesConfFault. */
  constructor(table: unknown) {
    const file = recordOf(table);
    if (file["registries"] !== undefined)
      throw new RegistriesConfFault("it has the first form of that file, which is no longer read");
    this.#aliases = recordOf(file["aliases"]);
    this.#searches = listOf(file["unqualified-search-registries"]).map((host) => trimmed(asText(host)));
    this.#registries = listOf(file["registry"]).map(readRegistry);
  }

  /** Where the image of this name lies. `reference`: what the name says by itself. Throws RegistriesConfFault. */
  route(name: string, reference: ImageReference): Route {
    const known = this.#unaliased(name) ?? this.#searched(name) ?? reference;
    const text = textOf(known);
    const [match] = this.#registries
      .map((registry) => ({ registry, length: matchLength(text, registry.prefix) }))
      .filter(({ length }) => length > 0)
      .toSorted((a, b) => b.length - a.length || b.registry.prefix.length - a.registry.prefix.length);
    if (match === undefined) return { reference: known, mirrors: [], plainHttpHosts: new Set(), isBlocked: false };
    const { registry, length } = match;
    const rest = text.slice(length);
    const moved = registry.location === "" ? known : parsed(`${registry.location}${rest}`);
    const used = registry.mirrors.filter(
      ({ use }) => use === "all" || (use === "digest-only") === (known.digest !== ""),
    );
    const mirrors = used.map(({ location }) => parsed(`${location}${rest}`));
    const plain = [...used.map((place, i) => [place, mirrors[i]!] as const), [registry, moved] as const];
    return {
      ...{ reference: moved, mirrors, isBlocked: registry.isBlocked },
      plainHttpHosts: new Set(plain.filter(([place]) => place.isInsecure).map(([, { host }]) => host)),
    };
  }

  /** What a name without a host stands for; undefined where nothing is said of it. */
  #unaliased(name: string): ImageReference | undefined {
    const [, short = "", rest = ""] = /^(?:docker:\/\/)?([^:@]+)(.*)$/s.exec(name) ?? [];
    const meant = Object.hasOwn(this.#aliases, short) ? asText(this.#aliases[short]) : "";
    return meant === "" ? undefined : parsed(meant + rest);
  }

  /** Where a name without a host is looked for, if the file says that. Of several registries the first that has such a name answers podman, whosever it is. */
  #searched(name: string): ImageReference | undefined {
    const [first, ...others] = this.#searches;
    if (first === undefined || !isShort(name)) return undefined;
    if (others.length > 0)
      throw new RegistriesConfFault("it names several registries for names without a host: say which one is meant");
    const short = name.replace(/^docker:\/\//, "");
    return parsed(`${first}/${first === "docker.io" && !short.includes("/") ? "library/" : ""}${short}`);
  }
}

/** Whether a name has no host (its first part would have a dot or a port). */
function isShort(name: string): boolean {
  const [first = "", ...rest] = name.replace(/^docker:\/\//, "").split("/");
  return rest.length === 0 || !(/[.:]/.test(first) || first === "localhost");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const record = value === undefined ? {} : asRecord(value);
  if (record === undefined) throw new RegistriesConfFault("a table of it is none");
  return record;
}

function listOf(value: unknown): readonly unknown[] {
  const list = asArray(value);
  // What is left out could be what blocks.
  if ((value !== undefined && !Array.isArray(value)) || list.length > mostRegistries)
    throw new RegistriesConfFault("a list of it is none, or too long");
  return list;
}

function flagOf(value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean")
    throw new RegistriesConfFault("insecure, blocked and mirror-by-digest-only are true or false");
  return value === true;
}

function readRegistry(given: unknown): Registry {
  const table = recordOf(given);
  const location = asText(table["location"]);
  const prefix = asText(table["prefix"]) || location;
  if (prefix === "") throw new RegistriesConfFault("a registry has neither a prefix nor a location");
  const byDigest = flagOf(table["mirror-by-digest-only"]);
  return {
    ...{
      prefix,
      location: trimmed(location),
      isInsecure: flagOf(table["insecure"]),
      isBlocked: flagOf(table["blocked"]),
    },
    mirrors: listOf(table["mirror"]).map((one) => {
      const mirror = recordOf(one);
      const place = trimmed(asText(mirror["location"]));
      if (place === "") throw new RegistriesConfFault("a mirror has no location");
      return { location: place, isInsecure: flagOf(mirror["insecure"]), use: byDigest ? "digest-only" : useOf(mirror) };
    }),
  };
}

function useOf(mirror: Readonly<Record<string, unknown>>): Use {
  const told = mirror["pull-from-mirror"] ?? "all";
  if (told === "all" || told === "digest-only" || told === "tag-only") return told;
  throw new RegistriesConfFault("pull-from-mirror is none of all, digest-only and tag-only");
}

function trimmed(location: string): string {
  return location.replace(/\/$/, "");
}

/** A name with its host. Throws RegistriesConfFault: a place without one would lead to Docker Hub. */
function parsed(text: string): ImageReference {
  const reference = parseReference(text);
  const host = text.replace(/^docker:\/\//, "").split("/", 1)[0];
  if (reference === undefined || reference.host !== host)
    throw new RegistriesConfFault("it leads to what is no image of a registry");
  return reference;
}

function textOf({ host, repository, tag, digest }: ImageReference): string {
  return `${host}/${repository}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
}

/** How much of a name a prefix is; 0: it is none of it. Parts of names count as a whole. */
function matchLength(text: string, prefix: string): number {
  if (prefix.startsWith("*.")) {
    const host = text.slice(0, text.indexOf("/"));
    const name = host.replace(/:\d+$/, "");
    const end = prefix.slice(1);
    return name.endsWith(end) && name.length > end.length
      ? name.length
      : host.endsWith(end) && host.length > end.length
        ? host.length
        : 0;
  }
  if (text === prefix) return text.length;
  return text.startsWith(prefix) && /[/:@]/.test(text.charAt(prefix.length)) ? prefix.length : 0;
}
