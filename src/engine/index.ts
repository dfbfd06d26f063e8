/**
 * Engines of this machine: Docker and podman by the Docker Engine API, containerd by its own. In: the name of an image or container. Out: its archive as a stream, and what the
 * engine tells of it. It asks (GET) and changes nothing; it writes nothing to the disk.
 */
import { Agent, request, type Dispatcher } from "undici";
import { asArray, asRecord, asText, asTexts, parseJson } from "../content/json.ts";
import { readWhole } from "../content/read-whole.ts";
import { ToolError } from "../model/problem.ts";
import { codeOf } from "../model/thrown.ts";
import { findEngine, type EngineAddress, type Env } from "./address.ts";
import { isEngineName, type SocketEngine } from "./target.ts";

export { findContainerd } from "./address.ts";
export { ContainerdClient, type ContainerdRecord } from "./containerd.ts";
export { parseEngineTarget, type ContainerdTarget, type EngineTarget, type SocketTarget } from "./target.ts";

export interface EngineOptions {
  readonly env: Env;
  /** A host on the network may be asked, without TLS. */
  readonly plainHttp: boolean;
  readonly signal: AbortSignal;
}

/** A container as its engine tells it. */
export interface ContainerFacts {
  /** The document of `inspect`. */
  readonly document: Buffer;
  /** Its configuration: environment, command, labels. */
  readonly config: unknown;
  readonly id: string;
  /** Paths of what was changed or added in it since it was made, without leading slash. */
  readonly changed: readonly string[];
  /** Where other storage is mounted: none of that is in the container's archive. */
  readonly mounts: readonly string[];
}

/** Documents of a machine with ten thousand images stay below that. */
const maxDocumentBytes = 64 << 20;
/** An engine packs an image before its first byte comes. */
const silentMs = 600_000;

/** One engine of this machine. */
export class EngineClient implements AsyncDisposable {
  readonly #engine: SocketEngine;
  readonly #address: EngineAddress;
  readonly #signal: AbortSignal;
  readonly #agent: Agent;

  /** Throws ToolError where no such engine is told of. */
  constructor(engine: SocketEngine, { env, plainHttp, signal }: EngineOptions) {
    this.#engine = engine;
    this.#address = findEngine(engine, env, plainHttp);
    this.#signal = signal;
    const connect = this.#address.kind === "socket" ? { socketPath: this.#address.path } : {};
    this.#agent = new Agent({
      connect: { ...connect, timeout: 20_000 },
      headersTimeout: silentMs,
      bodyTimeout: silentMs,
    });
  }

  /** Names of all images, of each one that counts: its first tag, or its id where it has none. Sorted. */
  async images(): Promise<string[]> {
    const list = asArray(await this.#document("/images/json"));
    const names = list.map((item) => {
      const { Id, RepoTags } = asRecord(item) ?? {};
      return asTexts(RepoTags).find((tag) => !tag.includes("<none>")) ?? asText(Id);
    });
    return [...new Set(names.filter(isEngineName))].sort();
  }

  /** Names of all containers, running or not. Sorted. */
  async containers(): Promise<string[]> {
    const list = asArray(await this.#document("/containers/json?all=1"));
    const names = list.map((item) => {
      const { Id, Names } = asRecord(item) ?? {};
      return asTexts(Names)[0]?.replace(/^\//, "") ?? asText(Id);
    });
    return [...new Set(names.filter(isEngineName))].sort();
  }

  /** An image as a docker-archive. */
  imageArchive(name: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#stream(`/images/${this.#checked(name, "image")}/get`, `image ${name}`);
  }

  async container(name: string): Promise<ContainerFacts> {
    const path = `/containers/${this.#checked(name, "container")}`;
    const document = await this.#read(`${path}/json`, `container ${name}`);
    const facts = asRecord(parseJson(document)) ?? {};
    const changes = asArray(await this.#document(`${path}/changes`)).map((item) => asRecord(item) ?? {});
    const mounts = asArray(facts["Mounts"]).map((item) => asText(asRecord(item)?.["Destination"]));
    return {
      document,
      config: facts["Config"],
      id: asText(facts["Id"]),
      // 2: deleted.
      changed: changes.filter(({ Kind }) => Kind !== 2).map(({ Path }) => asText(Path).replace(/^\/+/, "")),
      mounts: mounts.filter((mount) => mount !== ""),
    };
  }

  /** All files of a container, as a tar. */
  containerFiles(name: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#stream(`/containers/${this.#checked(name, "container")}/export`, `container ${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  #checked(name: string, what: string): string {
    if (isEngineName(name)) return name;
    throw new ToolError("usage", `${this.#engine} has no ${what} of that name`, {
      hint: `A name has letters, digits and . _ - : / @ alone.`,
    });
  }

  async #document(path: string): Promise<unknown> {
    return parseJson(await this.#read(path, "what was asked for"));
  }

  async #read(path: string, what: string): Promise<Buffer> {
    const bytes = await readWhole(await this.#stream(path, what), maxDocumentBytes);
    if (bytes === undefined) throw new ToolError("engine", `${this.#engine} tells too much of ${what}`);
    return bytes;
  }

  async #stream(path: string, what: string): Promise<AsyncIterable<Uint8Array>> {
    const origin = this.#address.kind === "socket" ? "http://engine.invalid" : this.#address.origin;
    let answer: Dispatcher.ResponseData;
    try {
      answer = await request(new URL(path, origin), { dispatcher: this.#agent, signal: this.#signal });
    } catch (error) {
      throw this.#failure(error);
    }
    const { statusCode, body } = answer;
    if (statusCode === 200) return this.#guarded(body);
    await body.dump({ limit: 1 << 16 }).catch(() => {});
    if (statusCode === 404)
      throw new ToolError("engine", `${this.#engine} has no ${what}`, {
        hint: `Images are named ${this.#engine}:NAME, containers ${this.#engine}-container:NAME.`,
      });
    throw new ToolError("engine", `${this.#engine} does not give ${what} (${statusCode})`);
  }

  /** A stream whose faults are told as ours. */
  async *#guarded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): ToolError {
    if (this.#signal.aborted) return new ToolError("interrupted", "was interrupted");
    const code = codeOf(error);
    const hint = code === "EACCES" ? "Only its group or root may ask it." : "Check that it runs.";
    const shown = /^[A-Z_0-9]+$/.test(code) ? ` (${code})` : "";
    return new ToolError("engine", `${this.#engine} cannot be asked${shown}`, { hint });
  }
}
