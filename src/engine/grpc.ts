import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from "node:http2";
import { connect as connectSocket } from "node:net";
import { codeOf } from "../model/thrown.ts";

/** What a server says of a question that it does not answer ("gRPC over HTTP2", `grpc-status`). */
export const grpcStatus = { notFound: 5, denied: 7, unimplemented: 12 } as const;

/** A question that was not answered; `status` is undefined where the answer broke off. */
export class GrpcFault extends Error {
  readonly status: number | undefined;
  constructor(status: number | undefined) {
    super(status === undefined ? "the answer breaks off" : `status ${status}`);
    this.status = status;
  }
}

/** Flag (compressed or not) and length before each message. */
const headBytes = 5;
/** containerd sends no message beyond 16 MiB unless it is told to. */
const maxMessageBytes = 64 << 20;
const silentMs = 60_000;
/** How much may be on its way before it was read. */
const windowBytes = 8 << 20;

/** Asks one server on a socket of this machine. It is connected to with the first question. */
export class GrpcClient implements AsyncDisposable {
  readonly #socket: string;
  readonly #signal: AbortSignal;
  #session: ClientHttp2Session | undefined;
  /** What ended the connection. */
  #fault: Error | undefined;

  constructor(socket: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /** The messages of an answer, one after the other. Throws GrpcFault, and errors of the system and of HTTP/2 as they are. */
  async *ask(
    method: string,
    message: Uint8Array,
    metadata: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Buffer, void> {
    let stream: ClientHttp2Stream | undefined;
    let status: number | undefined;
    const learn = (headers: Readonly<Record<string, unknown>>): void => {
      const told = headers["grpc-status"];
      if (typeof told === "string" && /^\d{1,3}$/.test(told)) status = Number(told);
    };
    try {
      stream = this.#open().request({ ...head(method), ...metadata }, { signal: this.#signal });
      stream.on("response", learn).on("trailers", learn);
      stream.setTimeout(silentMs, () => stream?.destroy(new GrpcFault(undefined)));
      stream.end(framed(message));
      yield* messagesIn(stream);
      if (status !== 0) throw new GrpcFault(status);
    } catch (error) {
      throw this.#fault ?? (codeOf(error) === "ERR_HTTP2_STREAM_ERROR" ? new GrpcFault(undefined) : error);
    } finally {
      stream?.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.destroy();
  }

  #open(): ClientHttp2Session {
    if (this.#session !== undefined) return this.#session;
    const session = connect("http://engine.invalid", {
      createConnection: () => connectSocket(this.#socket),
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    session.on("error", (error) => (this.#fault ??= error));
    session.on("connect", () => session.setLocalWindowSize(windowBytes));
    return (this.#session = session);
  }
}

function head(method: string): OutgoingHttpHeaders {
  return {
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: `/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "leaktrace",
  };
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Cuts a stream into messages. Nothing is asked to be compressed. */
async function* messagesIn(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void> {
  let parts: Buffer[] = [];
  let held = 0;
  // A head until it is known how long its message is.
  let wanted = headBytes;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    parts.push(chunk);
    held += chunk.length;
    if (held < wanted) continue;
    let bytes = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (; bytes.length >= headBytes; wanted = headBytes) {
      const length = bytes.readUInt32BE(1);
      if (bytes[0] !== 0 || length > maxMessageBytes) throw new GrpcFault(undefined);
      wanted = headBytes + length;
      if (bytes.length < wanted) break;
      yield bytes.subarray(headBytes, wanted);
      bytes = bytes.subarray(wanted);
    }
    parts = bytes.length === 0 ? [] : [bytes];
    held = bytes.length;
  }
  if (held > 0) throw new GrpcFault(undefined);
}
