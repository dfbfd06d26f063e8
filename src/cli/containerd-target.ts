import { rm } from "node:fs/promises";
import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ByteRange } from "../content/byte-range.ts";
import { blobPath, hasher, isDigest } from "../content/digest.ts";
import { MAX_JSON_BYTES, parseJson } from "../content/json.ts";
import { FetchedFiles } from "../content/fetched-files.ts";
import { readWhole } from "../content/read-whole.ts";
import { ContainerdClient, findContainerd, type ContainerdRecord, type ContainerdTarget } from "../engine/index.ts";
import { ToolError } from "../model/problem.ts";
import { shellWord } from "../model/shell-word.ts";
import type { Source } from "../model/source.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../remote/temporary-folder.ts";
import {
  contentProofs,
  isNamed,
  openEngineParts,
  openImage,
  type ContainerdContainer,
  type RemoteFault,
  type RemoteImages,
} from "../sources/image/index.ts";
import { keepStream } from "./kept-stream.ts";
import type { OpenContext } from "./request.ts";

/**
 * Opens images and containers of containerd: through its socket, or, where there is none or nobody answers on the usual one, from its folder. `CONTAINERD_ADDRESS` names a socket,
 * `CONTAINERD_NAMESPACE` one namespace; without it all are read. Throws ToolError.
 */
export async function openContainerdTarget(
  name: string,
  asked: ContainerdTarget,
  context: OpenContext,
): Promise<Source> {
  const found = findContainerd(process.env);
  const inFolder = (): Promise<Source> => openImage(name, context);
  const nowhere = new ToolError(
    "engine",
    "containerd does not listen on this machine, and its folder is in no usual place",
    {
      hint: "Say where it listens, CONTAINERD_ADDRESS=/path, or name its folder, containerd:/path.",
    },
  );
  if (found === undefined) {
    if (asked.kind === "container") throw nowhere;
    return inFolder().catch((error: unknown) => {
      throw isNoStorage(error) ? nowhere : error;
    });
  }
  const { socket, isNamed } = found;
  const client = new ContainerdClient(socket, context.signal);
  try {
    return await openParts(name, asked, client, socket, context);
  } catch (error) {
    await client[Symbol.asyncDispose]();
    const isUnanswered = error instanceof ToolError && error.message.includes("cannot be asked");
    if (isNamed || asked.kind !== "image" || !isUnanswered) throw error;
    // Of the two the socket is what is running here, so its fault is the one to be told.
    return inFolder().catch(() => {
      throw error;
    });
  }
}

function isNoStorage(error: unknown): boolean {
  return error instanceof ToolError && error.message.startsWith("there is no storage");
}

async function openParts(
  name: string,
  asked: ContainerdTarget,
  client: ContainerdClient,
  socket: string,
  context: OpenContext,
): Promise<Source> {
  const spaces = await namespacesOf(client);
  const folder = openTemporaryFolder();
  try {
    const blobs = new Map<string, ByteRange>();
    const spaceOf = new Map<string, string>();
    const names = new Map<string, Set<string>>();
    const containers: ContainerdContainer[] = [];
    const isOne = (known: string): boolean => asked.name === "" || isNamed(known, asked.name);
    for (const space of spaces) {
      for (const [digest, length] of await client.contents(space)) {
        if (spaceOf.has(digest)) continue;
        spaceOf.set(digest, space);
        blobs.set(digest, { file: join(folder.path, blobPath(digest) ?? "none"), offset: 0, length });
      }
      for (const image of await client.images(space))
        names.set(image.digest, (names.get(image.digest) ?? new Set<string>()).add(image.name));
      if (asked.kind === "image" && asked.name !== "") continue;
      for (const record of await client.containers(space))
        if (isOne(record.id)) containers.push(await containerOf(client, space, record));
    }
    const hasImage = [...names].some(([digest, all]) => digest === asked.name || [...all].some(isOne));
    if (asked.name !== "" && (asked.kind === "image" ? !hasImage && !blobs.has(asked.name) : containers.length === 0))
      throw new ToolError("engine", `containerd has no ${asked.kind} ${asked.name}`, {
        hint: `Namespaces that were looked into: ${spaces.join(", ")}.`,
      });
    if (asked.kind === "container" && containers.length === 0)
      throw new ToolError("engine", "containerd has no containers");
    const parts = asked.kind === "image" ? { blobs, names } : { blobs: new Map<string, ByteRange>(), names: new Map() };
    const remote = new ContainerdImages(client, { blobs, spaceOf, folder, context });
    const proofs = contentProofs((digest) =>
      ["ctr", "-a", socket, "-n", spaceOf.get(digest) ?? ""].map(shellWord).join(" "),
    );
    return await openEngineParts(name, asked.name, { ...parts, containers }, remote, context, proofs);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

async function namespacesOf(client: ContainerdClient): Promise<readonly string[]> {
  const named = process.env["CONTAINERD_NAMESPACE"] ?? "";
  const all = await client.namespaces();
  if (named !== "" && !all.includes(named))
    throw new ToolError("engine", "containerd has no namespace of the name that CONTAINERD_NAMESPACE says", {
      hint: `It has ${all.length === 0 ? "none" : all.join(", ")}.`,
    });
  return named === "" ? all : [named];
}

async function containerOf(
  client: ContainerdClient,
  space: string,
  record: ContainerdRecord,
): Promise<ContainerdContainer> {
  const { id, spec, labels, extensions } = record;
  const written = await client.writtenFiles(space, record);
  const folder = written.kind === "folder" && canRead(written.folder) ? written.folder : undefined;
  const told = {
    labels,
    extensions: Object.fromEntries([...extensions].map(([name, value]) => [name, parseJson(value)])),
  };
  return { id, spec, told, folder, isSomewhere: written.kind !== "none" };
}

function canRead(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Places {
  readonly blobs: ReadonlyMap<string, ByteRange>;
  /** A namespace that has a content. */
  readonly spaceOf: ReadonlyMap<string, string>;
  readonly folder: TemporaryFolder;
  readonly context: OpenContext;
}

/** Contents of containerd as a store: documents are read as they are asked for, layers come into a temporary folder one by one. */
class ContainerdImages implements RemoteImages {
  readonly faults: RemoteFault[] = [];
  readonly #client: ContainerdClient;
  readonly #places: Places;
  readonly #layers = new FetchedFiles<RemoteFault>(
    (digest) => this.#fetch(digest),
    (digest) => this.#remove(digest),
  );
  #received = 0;

  constructor(client: ContainerdClient, places: Places) {
    this.#client = client;
    this.#places = places;
  }

  async find(path: string): Promise<ByteRange | undefined> {
    return this.#places.blobs.get(digestAt(path));
  }

  async read(path: string): Promise<Uint8Array | "missing" | "too-large"> {
    const digest = digestAt(path);
    const range = this.#places.blobs.get(digest);
    if (range === undefined) return "missing";
    if (range.length > MAX_JSON_BYTES) return "too-large";
    try {
      return (await readWhole(this.#client.read(this.#spaceOf(digest), digest), MAX_JSON_BYTES)) ?? "too-large";
    } catch (error) {
      this.faults.push({ subject: digest, message: messageOf(error) });
      return "missing";
    }
  }

  async readPart(digest: string, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const bytes = await readWhole(this.#client.read(this.#spaceOf(digest), digest, offset, length), length);
    if (bytes === undefined) throw new Error("containerd gives more than was asked for");
    return bytes;
  }

  obtain(digest: string): Promise<RemoteFault | undefined> {
    return this.#layers.obtain(digest);
  }

  release(digest: string): Promise<void> {
    return this.#layers.release(digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    this.#places.folder[Symbol.dispose]();
  }

  async #fetch(digest: string): Promise<RemoteFault | undefined> {
    const { blobs, context } = this.#places;
    const range = blobs.get(digest);
    if (range === undefined || !isDigest(digest)) return { subject: digest, message: "containerd does not hold it" };
    const hash = hasher(digest);
    const before = this.#received;
    try {
      mkdirSync(dirname(range.file), { recursive: true, mode: 0o700 });
      const onReceived = (bytes: number): void =>
        context.received({ bytes: (this.#received = Math.max(this.#received, before + bytes)), objects: 0 });
      const bytes = hashed(this.#client.read(this.#spaceOf(digest), digest), hash, range.length);
      await keepStream(bytes, { file: range.file, signal: context.signal, onReceived });
    } catch (error) {
      await this.#remove(digest);
      return { subject: digest, message: messageOf(error) };
    }
    if (hash.digest() === digest) return undefined;
    await this.#remove(digest);
    return { subject: digest, message: "the bytes that containerd gives are not those of its digest" };
  }

  async #remove(digest: string): Promise<void> {
    const file = this.#places.blobs.get(digest)?.file;
    if (file !== undefined) await rm(file, { force: true });
  }

  #spaceOf(digest: string): string {
    return this.#places.spaceOf.get(digest) ?? "";
  }
}

/** The bytes, hashed on their way; no more of them than there should be. */
async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof hasher>,
  most: number,
): AsyncGenerator<Uint8Array, void> {
  let count = 0;
  for await (const chunk of bytes) {
    count += chunk.length;
    if (count > most) throw new ToolError("engine", "containerd gives more than it says that it has");
    hash.update(chunk);
    yield chunk;
  }
}

function messageOf(error: unknown): string {
  return error instanceof ToolError ? error.message : "cannot be kept on this disk";
}

/** The digest of a path in an OCI layout. */
function digestAt(path: string): string {
  return path.replace(/^blobs\//, "").replace("/", ":");
}
