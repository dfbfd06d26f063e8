import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server on this machine that keeps what it was asked, and answers as a test says. */
export class ScriptedServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(answer: Answer): Promise<ScriptedServer> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        const { authorization, range, accept } = request.headers;
        opened.asked.push({
          method: request.method ?? "",
          path: request.url ?? "",
          authorization,
          range,
          accept,
          body,
        });
        answer(request, response, body);
      });
    });
    const opened = new ScriptedServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return opened;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The documents and blobs of one image with one layer. */
export function image(layer: Buffer): { manifest: Buffer; documents: ReadonlyMap<string, Buffer> } {
  const config = Buffer.from(
    JSON.stringify({ os: "linux", architecture: "amd64", config: {}, rootfs: { type: "layers", diff_ids: [] } }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(layer), size: layer.length }],
    }),
  );
  return { manifest, documents: new Map([manifest, config, layer].map((bytes) => [digestOf(bytes), bytes])) };
}

/** Answers as a registry does that holds one image under `team/app:v1`; false for other paths. */
export function answerAsRegistry(
  { manifest, documents }: ReturnType<typeof image>,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const path = request.url ?? "";
  const name = /^\/v2\/team\/app\/(?:manifests|blobs)\/(.+)$/.exec(path)?.[1] ?? "";
  const bytes = name === "v1" ? manifest : documents.get(name);
  if (path.startsWith("/v2/team/app/tags/list")) response.end(JSON.stringify({ name: "team/app", tags: ["v1"] }));
  else if (bytes === undefined) return false;
  else {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0) response.writeHead(206, { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
    response.end(bytes.subarray(from));
  }
  return true;
}
