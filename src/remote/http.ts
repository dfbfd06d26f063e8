import * as http from "node:http";
import * as https from "node:https";
import type { Credentials } from "./address.ts";
import { Failure, type Reason } from "./failure.ts";
import type { Watch } from "./watch.ts";
import { codeOf } from "../model/thrown.ts";

export interface Asked {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** For the host of `origin`, and no other. */
  readonly credentials: { readonly origin: string; readonly given: Credentials | undefined };
}

export interface Answered {
  /** Where the answer came from in the end. */
  readonly url: string;
  readonly type: string;
  readonly pieces: AsyncIterable<Buffer>;
}

/** As many as curl follows for git. */
const maxRedirects = 20;

/**
 * Asks a server and gives what it answers, as it comes. Redirects of questions without a body are followed, but not from https to http; credentials
 * are left behind then. Throws Failure for every answer but 200, and where the watch finds something wrong.
 */
export async function ask(asked: Asked, watch: Watch, silentMs: number, signal: AbortSignal): Promise<Answered> {
  let { url } = asked;
  for (let followed = 0; followed <= maxRedirects; followed++) {
    const response = await answerTo({ ...asked, url }, silentMs, signal);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status === 200)
      return { url, type: response.headers["content-type"] ?? "", pieces: watched(response, watch, signal) };
    response.destroy();
    if (status < 300 || status > 399 || location === undefined) throw refusal(status, { ...asked, url });
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    const isAllowed = next?.protocol === "https:" || (next?.protocol === "http:" && url.startsWith("http:"));
    if (next === undefined || !isAllowed || asked.body !== undefined) throw new Failure("transport");
    next.username = next.password = next.hash = "";
    url = next.href;
  }
  throw new Failure("transport");
}

function answerTo(asked: Asked, silentMs: number, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { method, url, headers, body } = asked;
  const given = credentialsFor(asked);
  const secret = `${given?.user ?? ""}:${given?.password ?? ""}`;
  const authorization = given === undefined ? {} : { authorization: `Basic ${Buffer.from(secret).toString("base64")}` };
  return new Promise((done, fail) => {
    const request = (url.startsWith("https:") ? https : http).request(
      url,
      {
        ...{ method, signal, agent: false },
        headers: { ...headers, ...authorization, ...(body === undefined ? {} : { "content-length": body.length }) },
      },
      done,
    );
    request.setTimeout(silentMs, () => request.destroy(new Failure("silent")));
    request.on("error", (error) => fail(asFailure(error, signal)));
    request.end(body);
  });
}

/** What may be said to the host of the address that is asked now. */
function credentialsFor({ url, credentials: { origin, given } }: Asked): Credentials | undefined {
  return new URL(url).origin === origin ? given : undefined;
}

async function* watched(response: http.IncomingMessage, watch: Watch, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    // Without an encoding the stream gives buffers.
    for await (const piece of response as AsyncIterable<Buffer>) {
      watch.hear();
      const excess = watch.look(0);
      if (excess !== undefined) throw new Failure(excess);
      yield piece;
    }
  } catch (error) {
    throw asFailure(error, signal);
  } finally {
    response.destroy();
  }
}

function refusal(status: number, asked: Asked): Failure {
  switch (status) {
    case 401:
    case 407:
      return new Failure(credentialsFor(asked) === undefined ? "credentials-missing" : "credentials-refused");
    case 403:
      return new Failure("forbidden");
    case 404:
    case 410:
      return new Failure("not-found");
    default:
      return new Failure("other", `the server answers ${status}`);
  }
}

/** What the system says of a connection. */
const reasons: readonly (readonly [codes: RegExp, reason: Reason])[] = [
  [/^(?:ENOTFOUND|EAI_\w+)$/, "unknown-host"],
  [/CERT|SIGNATURE|^UNABLE_TO|SELF_SIGNED|ALTNAME/, "certificate"],
  [/^(?:ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE|HPE_INVALID_EOF_STATE)$/, "broken-off"],
  [/^(?:ENOSPC|EDQUOT)$/, "disk-full"],
  [/^HPE_/, "not-a-repository"],
  [/^E[A-Z]+$|SSL|TLS/, "no-connection"],
];

function asFailure(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return new Failure("interrupted");
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const reason = reasons.find(([codes]) => codes.test(code))?.[1];
  if (reason === undefined) throw error;
  return new Failure(reason);
}
