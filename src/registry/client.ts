import { setTimeout as wait } from "node:timers/promises";
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { mayBeSentTo } from "./addresses.ts";
import { isLoopback } from "./reference.ts";
import type { Answer } from "./answer.ts";
import { Authorization } from "./authorization.ts";
import { parseChallenges, type Challenge } from "./challenge.ts";
import { RegistryFailure } from "./failure.ts";
import { Patience } from "./patience.ts";
import { codeOf } from "../model/thrown.ts";

export interface ClientOptions {
  /** Of the API, with its port. */
  readonly host: string;
  readonly authorization: Authorization;
  /** HTTP without TLS also where somebody else may listen. */
  readonly plainHttp: boolean;
  readonly signal: AbortSignal;
  /** Another one is asked where it does not answer, so it is not waited for. */
  readonly isMirror: boolean;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly silentMs?: number;
  readonly patience?: Patience;
}

const maxHops = 10;
const maxTries = { registry: 5, mirror: 2 } as const;
/** After so many questions that came to nothing each is asked once. */
const patientFor = 3;
/** A registry that asks for more is given up: people can try again later themselves. */
const longestWaitMs = 60_000;
const firstWaitMs = 500;
const longestSilenceMs = 60_000;
/** Answers that say "later". */
const busy: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const userAgent = "leaktrace";
/** What Node calls certificates that it does not trust, whatever is wrong with them (`tls`, "X509 certificate error codes"). */
const certificateFault = /^(?=[A-Z_0-9]+$).*(?:CERT|VERIFY)/;

/**
 * Asks one registry (OCI distribution specification). Authorizes where that is asked, follows redirects without taking the authorization to another
 * host, and comes back where the registry is busy.
 */
export class RegistryClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #dispatcher: Dispatcher;
  readonly #patience: Patience;
  /** Hosts that the registry sent us to, and that wanted a token. */
  readonly #strangers = new Map<string, Authorization>();
  #base: string | undefined;
  /** Questions that came to nothing, one after the other. */
  #failed = 0;

  constructor(options: ClientOptions) {
    const { silentMs = longestSilenceMs } = options;
    this.#options = options;
    this.#patience = options.patience ?? new Patience();
    this.#dispatcher = new EnvHttpProxyAgent({
      headersTimeout: silentMs,
      bodyTimeout: silentMs,
      connect: { timeout: Math.min(20_000, silentMs) },
    });
  }

  /** Asks for `path` below the registry's root. Gives the answer whatever its status, but for those that were waited out. Throws RegistryFailure. */
  async ask(method: "GET" | "HEAD", path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const began = Date.now();
    try {
      return await this.#askAgain(method, path, headers);
    } catch (error) {
      const isLoss = error instanceof RegistryFailure && (error.reason === "unreachable" || error.reason === "busy");
      if (isLoss) {
        this.#patience.lose(Date.now() - began);
        this.#failed++;
      }
      throw error;
    }
  }

  async #askAgain(method: "GET" | "HEAD", path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    if (this.#patience.isOver)
      throw new RegistryFailure("unreachable", `${this.#options.host} was waited for too long`);
    const base = (this.#base ??= await this.#findBase());
    const tries = this.#failed >= patientFor ? 1 : maxTries[this.#options.isMirror ? "mirror" : "registry"];
    let lostMs = 0;
    for (let attempt = 1; ; attempt++) {
      const began = Date.now();
      const answer = await this.#askOnce(method, new URL(path, base), headers).catch((error: unknown) => {
        // A name that nobody knows is asked for once more: name servers stumble, and a sweep may hold a hundred images of a registry that is gone.
        const isNoHost = codeOf(error) === "ENOTFOUND" && attempt > 1;
        const isFinal = error instanceof RegistryFailure || certificateFault.test(codeOf(error)) || isNoHost;
        if (isFinal || attempt >= tries) throw this.#failure(error);
        lostMs += Date.now() - began;
        return undefined;
      });
      if (answer !== undefined && !busy.has(answer.status)) {
        this.#failed = 0;
        this.#patience.lose(lostMs);
        return answer;
      }
      const pause = pauseBefore(attempt, answer?.header("retry-after"));
      await answer?.discard();
      if (attempt >= tries || pause > longestWaitMs)
        throw new RegistryFailure("busy", `${this.#options.host} ${saysLater(answer?.status)}`);
      await this.#sleep(pause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** TLS, unless it was told otherwise; on this machine's own addresses plain HTTP where TLS is not spoken. */
  async #findBase(): Promise<string> {
    const { host, plainHttp } = this.#options;
    if (plainHttp) return `http://${host}`;
    if (!isLoopback(host)) return `https://${host}`;
    try {
      const { discard } = await this.#send("GET", new URL(`https://${host}/v2/`), {});
      await discard();
      return `https://${host}`;
    } catch (error) {
      // Who shows a certificate speaks TLS.
      return `${certificateFault.test(codeOf(error)) ? "https" : "http"}://${host}`;
    }
  }

  async #askOnce(method: "GET" | "HEAD", first: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
    let url = first;
    let renewedFor = "";
    for (let hop = 0; hop <= maxHops;) {
      const isHome = url.origin === first.origin;
      const authorization = isHome ? this.#options.authorization : this.#strangers.get(url.origin);
      const given = await authorization?.header();
      const answer = await this.#send(
        method,
        url,
        given === undefined ? headers : { ...headers, authorization: given },
      );
      if (answer.status === 401 && renewedFor !== url.origin) {
        renewedFor = url.origin;
        await answer.discard();
        await this.#answerChallenge(url, parseChallenges(answer.challenges), isHome);
        continue;
      }
      const location = answer.header("location");
      if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
      await answer.discard();
      url = this.#redirected(url, location);
      if (url.host !== first.host && !(await mayBeSentTo(url.hostname, isLoopback(this.#options.host))))
        throw new RegistryFailure("protocol", "it redirects to where nothing is fetched from");
      hop++;
    }
    throw new RegistryFailure("protocol", "it redirects without end");
  }

  /** Throws RegistryFailure where it cannot be answered. Hosts that the registry sends us to learn nothing but that somebody asks. */
  async #answerChallenge(url: URL, challenges: readonly Challenge[], isHome: boolean): Promise<void> {
    const { host } = this.#options;
    let { authorization } = this.#options;
    if (!isHome) {
      const [, repository = ""] = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname) ?? [];
      authorization =
        this.#strangers.get(url.origin) ?? new Authorization({ repository, credentials: async () => undefined });
      this.#strangers.set(url.origin, authorization);
    }
    if (await authorization.answer(challenges, url, (...asked) => this.#askForToken(...asked))) return;
    const why = authorization.fault === undefined ? "" : ` (${authorization.fault})`;
    throw new RegistryFailure("denied", `${isHome ? host : "a host that it sends us to"} wants to know who asks${why}`);
  }

  #redirected(from: URL, location: string): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    const isAllowed = to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:");
    if (to === undefined || !isAllowed)
      throw new RegistryFailure("protocol", "it redirects to where nothing is fetched from");
    to.username = to.password = "";
    return to;
  }

  /** Never redirected: it may carry credentials. */
  async #askForToken(url: URL, headers: Readonly<Record<string, string>>, form?: URLSearchParams): Promise<Answer> {
    if (!(await mayBeSentTo(url.hostname, isLoopback(this.#options.host))))
      throw new RegistryFailure("protocol", "its token server is where nobody is asked");
    const tries = maxTries[this.#options.isMirror ? "mirror" : "registry"];
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#send(form === undefined ? "GET" : "POST", url, headers, form?.toString());
      if (!busy.has(answer.status)) return answer;
      const pause = pauseBefore(attempt, answer.header("retry-after"));
      await answer.discard();
      if (attempt >= tries || pause > longestWaitMs)
        throw new RegistryFailure("busy", `the token server of ${this.#options.host} ${saysLater(answer.status)}`);
      await this.#sleep(pause);
    }
  }

  async #send(
    method: "GET" | "HEAD" | "POST",
    url: URL,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer & { readonly challenges: readonly string[] }> {
    const { signal } = this.#options;
    const form = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
    const response: Dispatcher.ResponseData = await request(url, {
      method,
      dispatcher: this.#dispatcher,
      signal,
      headers: { "user-agent": userAgent, "accept-encoding": "identity", ...form, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const challenges = response.headers["www-authenticate"];
    return {
      status: response.statusCode,
      header: (name) => {
        const value = response.headers[name];
        return typeof value === "string" ? value : value?.[0];
      },
      challenges: challenges === undefined ? [] : typeof challenges === "string" ? [challenges] : challenges,
      body: this.#patience.watch(response.body),
      discard: () => response.body.dump({ limit: 1 << 16 }).catch(() => {}),
    };
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await wait(ms, undefined, { signal: this.#options.signal });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): RegistryFailure {
    if (error instanceof RegistryFailure) return error;
    const { signal, host } = this.#options;
    if (signal.aborted) return new RegistryFailure("interrupted", "was interrupted");
    const code = codeOf(error);
    if (certificateFault.test(code))
      return new RegistryFailure("untrusted", `the certificate of ${host} is not trusted (${code})`);
    return new RegistryFailure(
      "unreachable",
      `${host} cannot be reached${/^[A-Z_0-9]+$/.test(code) ? ` (${code})` : ""}`,
    );
  }
}

function saysLater(status = 0): string {
  const isFault = status >= 500 && status !== 503;
  return `${isFault ? "fails, again and again" : "is busy"} (${status})`;
}

/** Milliseconds; `Retry-After` holds seconds or a date (RFC 9110, 10.2.3). */
function pauseBefore(attempt: number, retryAfter: string | undefined): number {
  const own = firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random());
  if (retryAfter === undefined) return own;
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(asked) ? own : Math.max(own, asked);
}
