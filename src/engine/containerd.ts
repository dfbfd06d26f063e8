import { isDigest } from "../content/digest.ts";
import { codeOf } from "../model/thrown.ts";
import { ToolError } from "../model/problem.ts";
import { GrpcClient, GrpcFault, grpcStatus } from "./grpc.ts";
import { bytesIn, listIn, mapIn, messageOf, numberIn, ProtobufFault, textIn } from "./protobuf.ts";

/** One name that containerd has for a document. */
export interface ContainerdImage {
  readonly name: string;
  readonly digest: string;
}

/** A container as containerd knows it. */
export interface ContainerdRecord {
  readonly id: string;
  /** How it is run (OCI runtime specification), as JSON; empty where nothing is said. */
  readonly spec: Buffer;
  readonly labels: Readonly<Record<string, string>>;
  /** What others keep with it (Kubernetes: how it was asked for), as JSON, by their names. */
  readonly extensions: ReadonlyMap<string, Buffer>;
  readonly snapshotter: string;
  /** Empty where its files are none of containerd's. */
  readonly snapshot: string;
}

/** Where what was written in a container lies: in a folder, nowhere because nothing can be written, or on something that is no folder. */
export type WrittenFiles = { readonly kind: "folder"; readonly folder: string } | { readonly kind: "none" | "unknown" };

const services = "containerd.services";
const methods = {
  namespaces: `${services}.namespaces.v1.Namespaces/List`,
  images: `${services}.images.v1.Images/List`,
  contents: `${services}.content.v1.Content/List`,
  read: `${services}.content.v1.Content/Read`,
  containers: `${services}.containers.v1.Containers/List`,
  mounts: `${services}.snapshots.v1.Snapshots/Mounts`,
} as const;
/** As containerd checks them (`identifiers`). */
const namespaceForm = /^(?=.{1,76}$)[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/;
/** Of one machine, of each kind. */
const maxEntries = 1_000_000;

/** containerd on this machine, by its own API (gRPC on its socket). It asks for lists and contents, and changes nothing. */
export class ContainerdClient implements AsyncDisposable {
  readonly #client: GrpcClient;
  readonly #signal: AbortSignal;

  /** `socket`: as `findContainerd` tells it. */
  constructor(socket: string, signal: AbortSignal) {
    this.#client = new GrpcClient(socket, signal);
    this.#signal = signal;
  }

  /** All namespaces, sorted: each has images, containers and contents of its own. */
  async namespaces(): Promise<string[]> {
    const names = await this.#list(methods.namespaces, "", (item) => textIn(item, 1));
    return names.filter((name) => namespaceForm.test(name)).sort();
  }

  async images(namespace: string): Promise<ContainerdImage[]> {
    const images = await this.#list(methods.images, namespace, (item) => ({
      name: textIn(item, 1),
      digest: textIn(bytesIn(item, 3), 2),
    }));
    return images.filter(({ digest }) => isDigest(digest));
  }

  /** All contents of a namespace: how long each is, by its digest. */
  async contents(namespace: string): Promise<ReadonlyMap<string, number>> {
    const infos = await this.#list(
      methods.contents,
      namespace,
      (item) => [textIn(item, 1), numberIn(item, 2)] as const,
    );
    return new Map(infos.filter(([digest, size]) => isDigest(digest) && Number.isSafeInteger(size)));
  }

  /** A content, or `length` bytes of it: as they come, proved by nobody. */
  read(namespace: string, digest: string, offset = 0, length = 0): AsyncGenerator<Buffer, void> {
    const message = messageOf({ 1: digest, 2: offset, 3: length });
    return this.#ask(methods.read, namespace, message, (answer) => bytesIn(answer, 2));
  }

  containers(namespace: string): Promise<ContainerdRecord[]> {
    return this.#list(methods.containers, namespace, (item) => {
      const labels = [...mapIn(item, 2)].map(([name, value]) => [name, value.toString("utf8")]);
      // Of an `Any` what it holds; its type's address is field 1.
      const extensions = [...mapIn(item, 10)].map(([name, any]) => [name, bytesIn(any, 2)] as const);
      return {
        id: textIn(item, 1),
        spec: bytesIn(bytesIn(item, 5), 2),
        labels: Object.fromEntries(labels),
        extensions: new Map(extensions),
        snapshotter: textIn(item, 6),
        snapshot: textIn(item, 7),
      };
    });
  }

  /** Where what was written on top of a snapshot lies. */
  async writtenFiles(namespace: string, { snapshotter, snapshot }: ContainerdRecord): Promise<WrittenFiles> {
    if (snapshot === "") return { kind: "none" };
    try {
      const message = messageOf({ 1: snapshotter, 2: snapshot });
      const mounts = await this.#list(methods.mounts, namespace, writtenTo, message);
      return mounts.length === 1 ? mounts[0]! : { kind: "unknown" };
    } catch (error) {
      if (error instanceof ToolError && error.code === "interrupted") throw error;
      return { kind: "unknown" };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** The items of a list, which are field 1 of all its messages. */
  async #list<T>(
    method: string,
    namespace: string,
    read: (item: Buffer) => T,
    message: Uint8Array = new Uint8Array(0),
  ): Promise<T[]> {
    const found: T[] = [];
    for await (const items of this.#ask(method, namespace, message, (answer) => [...listIn(answer, 1)].map(read))) {
      if (found.length + items.length > maxEntries)
        throw new ToolError("engine", "containerd tells of more than is read of one machine");
      for (const item of items) found.push(item);
    }
    return found;
  }

  async *#ask<T>(
    method: string,
    namespace: string,
    message: Uint8Array,
    read: (answer: Buffer) => T,
  ): AsyncGenerator<T, void> {
    try {
      const metadata = namespace === "" ? {} : { "containerd-namespace": namespace };
      for await (const answer of this.#client.ask(method, message, metadata)) yield read(answer);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    if (this.#signal.aborted) return new ToolError("interrupted", "was interrupted");
    if (error instanceof ToolError) return error;
    if (error instanceof ProtobufFault) return new ToolError("engine", "containerd does not answer as containerd does");
    if (error instanceof GrpcFault) {
      if (error.status === grpcStatus.notFound) return new ToolError("engine", "containerd does not hold it any more");
      if (error.status === grpcStatus.unimplemented)
        return new ToolError("engine", "what answers on the socket of containerd is not containerd");
      const why = error.status === undefined ? "its answer breaks off" : `status ${error.status}`;
      return new ToolError("engine", `containerd does not answer (${why})`, { hint: "Check that it runs." });
    }
    const code = codeOf(error);
    if (code === "") return error;
    const shown = /^[A-Z_0-9]+$/.test(code) ? ` (${code})` : "";
    return new ToolError("engine", `containerd cannot be asked${shown}`, {
      hint:
        code === "EACCES" || code === "EPERM"
          ? "Only root may ask it, unless its socket says otherwise. Its folder can be read without it: containerd:/var/lib/containerd."
          : "Check that it runs. Its folder can be read without it: containerd:/var/lib/containerd.",
    });
  }
}

/** Where a mount puts what is written. */
function writtenTo(mount: Buffer): WrittenFiles {
  const options = [...listIn(mount, 4)].map((option) => option.toString("utf8"));
  const type = textIn(mount, 1);
  if (options.includes("ro")) return { kind: "none" };
  const upper = options.find((option) => option.startsWith("upperdir="));
  // Snapshots that build on nothing, and those of file systems without layers, are bound as they are.
  const folder = type === "bind" ? textIn(mount, 2) : (upper?.slice("upperdir=".length) ?? "");
  if (folder.startsWith("/")) return { kind: "folder", folder };
  return { kind: type === "overlay" ? "none" : "unknown" };
}
