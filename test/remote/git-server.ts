import { spawn, spawnSync } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What reached the server. */
export interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly protocol: string | undefined;
}

export interface GitServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly asked: readonly Asked[];
  close(): void;
}

/** Gives true where it answered itself; the server waits for it. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** Serves the repositories in a folder by `git http-backend`, as git's own documentation has it, on a free port of this machine. */
export async function serveGit(root: string, answer: Answer = () => false): Promise<GitServer> {
  const backend = join(spawnSync("git", ["--exec-path"], { encoding: "utf8" }).stdout.trim(), "git-http-backend");
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const header = request.headers["git-protocol"];
    asked.push({
      path: request.url ?? "",
      authorization: request.headers.authorization,
      protocol: typeof header === "string" ? header : undefined,
    });
    void Promise.resolve(answer(request, response)).then((isAnswered) => {
      if (!isAnswered) runBackend(backend, root, request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  // A TCP server's address is an object.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks for a user and a password (RFC 7617). */
export function withPassword(user: string, password: string): Answer {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return (request, response) => {
    if (request.headers.authorization === expected) return false;
    response.writeHead(401, { "www-authenticate": 'Basic realm="tests"' }).end();
    return true;
  };
}

/** The Common Gateway Interface (RFC 3875), as far as http-backend needs it. */
function runBackend(backend: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "", "http://here");
  const child = spawn(backend, {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      ...(request.headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: request.headers["content-length"] }),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => {});
  response.on("close", () => child.kill());
  let head = Buffer.alloc(0);
  let isHead = true;
  child.stdout.on("data", (piece: Buffer) => {
    if (!isHead) {
      if (!response.write(piece)) {
        child.stdout.pause();
        response.once("drain", () => child.stdout.resume());
      }
      return;
    }
    head = Buffer.concat([head, piece]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    isHead = false;
    const lines = head.toString("latin1", 0, end).split("\r\n");
    const status = lines.find((line) => /^Status:/i.test(line));
    response.statusCode = status === undefined ? 200 : Number(status.replace(/\D*(\d+).*/, "$1"));
    for (const line of lines.filter((one) => one !== status)) {
      const at = line.indexOf(":");
      response.setHeader(line.slice(0, at), line.slice(at + 1).trim());
    }
    response.write(head.subarray(end + 4));
  });
  child.stdout.on("end", () => response.end());
}
