/**
 * Images in registries. In: a reference. Out: the documents of all platforms, tags where they are asked for, and what refers to them, as an OCI layout that
 * fills while it is read: layers come one by one into a private folder. It speaks to the registry that was named, and to those it is sent to.
 */
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../disk/index.ts";
import { blobPath, isDigest } from "../content/digest.ts";
import { isManifestOf, manifestDigest } from "../content/signed-manifest.ts";
import { Authorization } from "./authorization.ts";
import { fetchBlob, fetchPart, type BlobRequest } from "./blob.ts";
import { RegistryClient } from "./client.ts";
import { fetchDocument } from "./document.ts";
import { Documents } from "./documents.ts";
import { FetchedFiles } from "../content/fetched-files.ts";
import { findCredentials, type FindCredentials } from "./credentials.ts";
import { descriptorsIn, type Descriptor } from "../content/descriptor.ts";
import { ForeignClient } from "./foreign.ts";
import type { ForeignPlaces } from "./foreign-places.ts";
import { asToolError, RegistryFailure } from "./failure.ts";
import type { KnownDocuments } from "./known-documents.ts";
import { Patience } from "./patience.ts";
import { Places, type Ask, type Place } from "./places.ts";
import { apiHost, type ImageReference } from "./reference.ts";
import { listTags, referrersOf } from "./listing.ts";
import { codeBehind } from "../model/thrown.ts";

export type { ForeignPlaces } from "./foreign-places.ts";
export type { KnownDocuments } from "./known-documents.ts";
export { RegistriesConf, RegistriesConfFault, type Route } from "./registries-conf.ts";
export { apiHost, isLoopback, parseMirror, parseReference, type ImageReference, type Mirror } from "./reference.ts";

export interface RegistryOptions {
  /** A folder of the caller's, for him alone; blobs are put into it. It goes with the images, or where they cannot be opened. */
  readonly folder: Disposable & { readonly path: string };
  readonly allTags: boolean;
  readonly plainHttp: boolean;
  /** These alone may be asked without TLS. */
  readonly plainHttpHosts?: ReadonlySet<string>;
  /** Asked before the registry itself, in this order: the repository as it is named there. */
  readonly mirrors?: readonly Pick<ImageReference, "host" | "repository">[];
  /** Layers may be fetched from servers that manifests name; absent: they are not. */
  readonly foreignLayers?: ForeignPlaces;
  /** Documents that need not be asked for: then a tag is asked for its digest first. */
  readonly known?: KnownDocuments;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onReceived: (bytes: number) => void;
  /** Milliseconds without a byte after which a connection is given up, and those that may be lost in all; absent: minutes. */
  readonly silentMs?: number;
  readonly lostMs?: number;
}

/** A part of what was asked for that could not be had. */
export interface RegistryFault {
  readonly subject: string;
  readonly message: string;
  /** It lies elsewhere, and was not to be fetched from there. */
  readonly isForeign?: true;
}

/** The images of a reference as a store of the image source. */
export interface RegistryImages extends AsyncDisposable {
  /** Filled while documents are read. */
  readonly faults: readonly RegistryFault[];
  /** A document or a configuration, by its path in an OCI layout. */
  read(path: string): Promise<Uint8Array | "missing" | "too-large">;
  /** Where a blob will lie once it is fetched, and how long it is; undefined for what no document names with its size. */
  find(path: string): Promise<{ file: string; offset: number; length: number } | undefined>;
  /** A part of a blob (`Range`, RFC 9110, 14): nobody has proved whose bytes these are. Throws RegistryFailure. */
  readPart(digest: string, offset: number, length: number): Promise<Uint8Array>;
  /** Has a layer at hand until it is released. Gives what went wrong. */
  obtain(digest: string): Promise<RegistryFault | undefined>;
  /** The layer is no longer needed on the disk. */
  release(digest: string): Promise<void>;
  /** All was scanned: in these documents nothing was found. */
  settle(clean: ReadonlySet<string>): void;
}

const maxDocumentBytes = 16 << 20;
const mostFaults = 1000;
/** Kinds of manifests that are understood; without them an old registry makes one of schema 1 from a newer one. */
const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.docker.distribution.manifest.v1+json",
  "*/*",
].join(", ");

/** Asks a registry for what a reference names. Throws ToolError where that cannot be had. */
export async function openRegistry(reference: ImageReference, options: RegistryOptions): Promise<RegistryImages> {
  const { host, repository } = reference;
  const { signal, env, mirrors = [], silentMs, lostMs } = options;
  // Each has credentials of its own: those of the registry are none of a mirror's business.
  const placeAt = (host: string, repository: string, isMirror: boolean): Place => {
    const credentials: FindCredentials = (fault) => findCredentials(host, repository, env, fault);
    const authorization = new Authorization({ repository, credentials });
    const plainHttp = options.plainHttp || options.plainHttpHosts?.has(host) === true;
    const waits = {
      ...(silentMs === undefined ? {} : { silentMs }),
      ...(lostMs === undefined ? {} : { patience: new Patience(lostMs) }),
    };
    const client = new RegistryClient({ host: apiHost(host), authorization, plainHttp, signal, isMirror, ...waits });
    return { client, repository };
  };
  const places = new Places([
    ...mirrors.map((mirror) => placeAt(mirror.host, mirror.repository, true)),
    placeAt(host, repository, false),
  ]);
  const images = new Images(places, reference, options);
  try {
    await images.open();
    return images;
  } catch (error) {
    await images[Symbol.asyncDispose]();
    if (!(error instanceof RegistryFailure)) throw error;
    throw asToolError(`${host}/${repository}`, error);
  }
}

class NoConsent extends Error {
  override readonly message =
    "the layer lies on a server that the manifest names (--foreign-layers fetches it from there)";
}

class Images implements RegistryImages {
  readonly faults: RegistryFault[] = [];
  readonly #places: Places;
  readonly #ask: Ask;
  readonly #reference: ImageReference;
  readonly #options: RegistryOptions;
  readonly #documents = new Documents();
  /** Those that were not asked for. */
  readonly #recalled = new Set<string>();
  /** Lengths that no document tells, by digests. */
  readonly #sizes = new Map<string, Promise<number | undefined>>();
  /** What documents say of the blobs that they name. */
  readonly #named = new Map<string, Descriptor>();
  readonly #layers = new FetchedFiles<RegistryFault>(
    (digest) => this.#fetch(digest),
    (digest) => rm(this.#fileOf(digest), { force: true }),
  );
  #index: Buffer = Buffer.from("{}");

  constructor(places: Places, reference: ImageReference, options: RegistryOptions) {
    this.#places = places;
    this.#ask = places.ask;
    this.#reference = reference;
    this.#options = options;
  }

  /** Reads the top documents: of one tag or digest, or of all tags; and asks what refers to them. */
  async open(): Promise<void> {
    const { tag, digest, repository } = this.#reference;
    const gap = (message: string): void => void this.faults.push({ subject: repository, message });
    const tags = this.#options.allTags ? await listTags(this.#ask, gap) : [];
    const tops: (Descriptor & { readonly annotations?: object })[] = [];
    if (this.#options.allTags && tags.length === 0) throw new RegistryFailure("not-found", "it has no tags");
    for (const name of this.#options.allTags ? tags : [digest === "" ? tag : digest]) {
      const top = await this.#topOf(name).catch((error: unknown) => {
        if (tags.length === 0 || !(error instanceof RegistryFailure) || error.reason === "interrupted") throw error;
        this.faults.push({ subject: name, message: error.message });
        return undefined;
      });
      // One that was asked for by name needs no name of its own.
      const named = tags.length === 0 ? {} : { annotations: { "org.opencontainers.image.ref.name": name } };
      if (top !== undefined) tops.push({ ...top, ...named });
    }
    const children = tops.flatMap((top) => [top, ...descriptorsIn(this.#documents.held(top.digest)).manifests]);
    const referring = await referrersOf(
      this.#ask,
      children.map((child) => child.digest),
      (name) => this.#readReferring(name),
      gap,
    );
    const manifests = [...tops, ...referring].map(({ kind: _, urls: __, ...descriptor }) => descriptor);
    this.#index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  }

  async read(path: string): Promise<Uint8Array | "missing" | "too-large"> {
    if (path === "index.json") return this.#index;
    const digest = digestAt(path);
    if (digest === undefined) return "missing";
    const known = this.#documents.get(digest) ?? this.#recall(digest);
    if (known !== undefined) return known;
    const lacking = (why: "missing" | "too-large"): "missing" | "too-large" => {
      this.#documents.lack(digest, why);
      return why;
    };
    const kind = this.#named.get(digest)?.kind === "blob" ? "blobs" : "manifests";
    try {
      const bytes = await this.#get(`${kind}/${digest}`);
      if (bytes === undefined) return lacking("too-large");
      this.#learn(digest, bytes);
      return bytes;
    } catch (error) {
      if (!(error instanceof RegistryFailure)) throw error;
      if (error.reason !== "not-found") this.#tell(digest, error.message);
      return lacking("missing");
    }
  }

  async find(path: string): Promise<{ file: string; offset: number; length: number } | undefined> {
    const digest = digestAt(path);
    const named = digest === undefined ? undefined : this.#named.get(digest);
    if (named === undefined) return undefined;
    const length = named.size ?? (await this.#askedSize(named));
    return length === undefined ? undefined : { file: join(this.#options.folder.path, path), offset: 0, length };
  }

  #askedSize(named: Descriptor): Promise<number | undefined> {
    const asked = this.#sizes.get(named.digest) ?? this.#sizeOf(named);
    this.#sizes.set(named.digest, asked);
    return asked;
  }

  /** Of a list without end the first are told, one by one. */
  #tell(subject: string, message: string): void {
    if (this.faults.length < mostFaults) this.faults.push({ subject, message });
  }

  /** How long a blob is of which no document tells that. */
  async #sizeOf(named: Descriptor): Promise<number | undefined> {
    const { digest } = named;
    try {
      const answer = await this.#ask("HEAD", `blobs/${digest}`);
      await answer.discard();
      const told = answer.header("content-length") ?? "";
      if (answer.status !== 200 || !/^\d{1,15}$/.test(told)) return undefined;
      this.#named.set(digest, { ...named, size: Number(told) });
      return Number(told);
    } catch (error) {
      if (!(error instanceof RegistryFailure)) throw error;
      this.#tell(digest, error.message);
      return undefined;
    }
  }

  async readPart(digest: string, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const ask: BlobRequest["ask"] = (headers) => this.#ask("GET", `blobs/${digest}`, headers);
    return fetchPart(ask, offset, length, this.#options.onReceived);
  }

  obtain(digest: string): Promise<RegistryFault | undefined> {
    return this.#layers.obtain(digest);
  }

  release(digest: string): Promise<void> {
    return this.#layers.release(digest);
  }

  settle(clean: ReadonlySet<string>): void {
    const { known } = this.#options;
    if (known === undefined) return;
    for (const [digest, bytes] of this.#documents.all())
      if (!clean.has(digest)) known.forget(digest);
      else if (!this.#recalled.has(digest)) known.learn(digest, bytes);
  }

  /** A document that an earlier scan has kept: it counts where it is what its digest says. */
  #recall(digest: string): Buffer | undefined {
    const bytes = this.#options.known?.get(digest);
    if (bytes === undefined || !isManifestOf(bytes, digest)) return undefined;
    this.#recalled.add(digest);
    this.#learn(digest, bytes);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#places[Symbol.asyncDispose]();
    this.#options.folder[Symbol.dispose]();
  }

  async #fetch(digest: string): Promise<RegistryFault | undefined> {
    const file = this.#fileOf(digest);
    const { size, urls = [] } = this.#named.get(digest) ?? {};
    const request = { digest, size, file, onReceived: this.#options.onReceived };
    try {
      makeFolder(dirname(file), 0o700);
      await fetchBlob({ ...request, ask: (headers) => this.#ask("GET", `blobs/${digest}`, headers) }).catch(
        async (error: unknown) => {
          if (urls.length === 0 || !(error instanceof RegistryFailure) || error.reason !== "not-found") throw error;
          await this.#fetchElsewhere(request, urls);
        },
      );
      return undefined;
    } catch (error) {
      if (error instanceof NoConsent) return { subject: digest, message: error.message, isForeign: true };
      const message =
        error instanceof RegistryFailure ? error.message : `cannot be kept on this disk${codeBehind(error)}`;
      return { subject: digest, message };
    }
  }

  /** A layer that the registry itself must not hold, because of whose it is: the manifest says where it lies. */
  async #fetchElsewhere(request: Omit<BlobRequest, "ask">, urls: readonly string[]): Promise<void> {
    const { foreignLayers, signal } = this.#options;
    if (foreignLayers === undefined) throw new NoConsent();
    await using client = new ForeignClient(foreignLayers, signal);
    for (const [i, url] of urls.entries()) {
      try {
        return await fetchBlob({ ...request, ask: (headers) => client.ask(url, headers) });
      } catch (error) {
        if (i === urls.length - 1) throw error;
      }
    }
  }

  #fileOf(digest: string): string {
    return join(this.#options.folder.path, blobPath(digest) ?? "none");
  }

  async #topOf(name: string): Promise<Descriptor> {
    return (await this.#knownTop(name)) ?? this.#readTop(name);
  }

  /**
   * What a tag or digest stands for, where that was read under another one, or by an earlier scan: its head tells the digest, and registries that count how often
   * images are pulled do not count it. Undefined where it has to be read.
   */
  async #knownTop(name: string): Promise<Descriptor | undefined> {
    // One digest is asked for once in a run.
    const isWorthAsking = this.#options.known !== undefined || (this.#documents.count > 0 && !isDigest(name));
    if (!isWorthAsking) return undefined;
    try {
      const answer = await this.#ask("HEAD", `manifests/${name}`, { accept });
      await answer.discard();
      const digest = answer.status === 200 ? (answer.header("docker-content-digest") ?? "") : "";
      const known = this.#documents.held(digest) ?? (isDigest(digest) ? this.#recall(digest) : undefined);
      return known && { digest, size: known.length, kind: "manifest" };
    } catch (error) {
      // Who answers heads in a way of his own may still give the document; who does not answer at all is not asked twice.
      if (error instanceof RegistryFailure && (error.reason === "denied" || error.reason === "protocol"))
        return undefined;
      throw error;
    }
  }

  /** Undefined where there is no such tag. */
  async #readReferring(tag: string): Promise<Descriptor | undefined> {
    try {
      return await this.#readTop(tag);
    } catch (error) {
      if (error instanceof RegistryFailure && error.reason === "not-found") return undefined;
      throw error;
    }
  }

  /** The document that a tag or digest stands for. */
  async #readTop(name: string): Promise<Descriptor> {
    const bytes = await this.#get(`manifests/${name}`);
    if (bytes === undefined) throw new RegistryFailure("too-large", "a manifest is too large");
    const digest = isDigest(name) ? name : manifestDigest(bytes);
    if (!isManifestOf(bytes, digest))
      throw new RegistryFailure("protocol", "the bytes of a manifest are not those of its digest");
    this.#learn(digest, bytes);
    return { digest, size: bytes.length, kind: "manifest" };
  }

  #learn(digest: string, bytes: Buffer): void {
    this.#documents.add(digest, bytes);
    const { manifests, blobs } = descriptorsIn(bytes);
    for (const named of [...manifests, ...blobs])
      if (!this.#named.has(named.digest)) this.#named.set(named.digest, named);
  }

  /** A small document; undefined where it is too large. */
  #get(below: string): Promise<Buffer | undefined> {
    this.#documents.check();
    return fetchDocument(() => this.#ask("GET", below, { accept }), maxDocumentBytes, this.#options.signal);
  }
}

/** The digest of a path in an OCI layout. */
function digestAt(path: string): string | undefined {
  const digest = path.replace(/^blobs\//, "").replace("/", ":");
  return isDigest(digest) ? digest : undefined;
}
