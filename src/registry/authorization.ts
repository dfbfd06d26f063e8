import type { Challenge } from "./challenge.ts";
import { asRecord, asText, parseJson } from "../content/json.ts";
import type { Answer } from "./answer.ts";
import { readDocument } from "./document.ts";
import type { Credentials, FindCredentials } from "./credentials.ts";
import { RegistryFailure } from "./failure.ts";

export interface AuthorizationOptions {
  readonly repository: string;
  /** Asked once, when a registry wants to know. */
  readonly credentials: FindCredentials;
}

type AskForToken = (url: URL, headers: Readonly<Record<string, string>>, form?: URLSearchParams) => Promise<Answer>;

/** Tokens are documents of some kilobytes. */
const maxTokenBytes = 1 << 20;
const leastLifeSeconds = 60;
/** Part of its life for which a token is used. */
const usedLife = 0.8;

/**
 * Proves to one registry who asks: basic authentication, or a token that another server gives for this repository (distribution token
 * specification; OAuth 2 where there is an identity token).
 */
export class Authorization {
  readonly #options: AuthorizationOptions;
  #header: string | undefined;
  #usedUntil = Infinity;
  #challenges:
    | { readonly challenges: readonly Challenge[]; readonly registry: URL; readonly ask: AskForToken }
    | undefined;
  #underWay: Promise<boolean> | undefined;
  #found: Promise<Credentials | undefined> | undefined;

  #fault: string | undefined;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** What kept credentials from being found; one line. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** What to send to the registry; undefined while it has asked for nothing. A token is renewed before it ends. */
  async header(): Promise<string | undefined> {
    if (Date.now() < this.#usedUntil || this.#challenges === undefined) return this.#header;
    const { challenges, registry, ask } = this.#challenges;
    await this.answer(challenges, registry, ask);
    return this.#header;
  }

  /** Answers a 401 of the registry. False where nothing can be answered. One exchange at a time: those that ask meanwhile get its outcome. */
  answer(challenges: readonly Challenge[], registry: URL, ask: AskForToken): Promise<boolean> {
    this.#challenges = { challenges, registry, ask };
    this.#underWay ??= this.#exchange(challenges, registry, ask).finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #exchange(challenges: readonly Challenge[], registry: URL, ask: AskForToken): Promise<boolean> {
    const known = await (this.#found ??= this.#options.credentials((fault) => (this.#fault = fault)));
    if (known?.kind === "bearer") return this.#set(`Bearer ${known.token}`, Infinity);
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer !== undefined && (await this.#takeToken(bearer.parameters, registry, known, ask))) return true;
    // Some offer both, and some say nothing of how they would know who asks.
    const isBasic = challenges.length === 0 || challenges.some(({ scheme }) => scheme === "basic");
    return isBasic && known?.kind === "password" && this.#set(basic(known), Infinity);
  }

  async #takeToken(
    { realm = "", service, scope }: Readonly<Record<string, string>>,
    registry: URL,
    known: Credentials | undefined,
    ask: AskForToken,
  ): Promise<boolean> {
    const url = tokenServer(realm, registry);
    const asked = scope ?? `repository:${this.#options.repository}:pull`;
    // Credentials are for the registry that was named, and for its own token server alone.
    const trusted = isOwn(url.hostname, registry.hostname) ? known : undefined;
    const answer =
      (trusted?.kind === "identity" ? await byIdentity(url, service, asked, trusted.token, ask) : undefined) ??
      (await byName(url, service, asked, trusted, ask));
    if (answer.status !== 200) {
      await answer.discard();
      return false;
    }
    const token = readToken(await readDocument(answer, maxTokenBytes));
    if (token === undefined) throw new RegistryFailure("protocol", "its token server gives no token");
    return this.#set(`Bearer ${token.text}`, Date.now() + token.seconds * usedLife * 1000);
  }

  #set(header: string, until: number): true {
    this.#header = header;
    this.#usedUntil = until;
    return true;
  }
}

function byName(
  url: URL,
  service: string | undefined,
  scope: string,
  known: Credentials | undefined,
  ask: AskForToken,
): Promise<Answer> {
  const asked = new URL(url);
  if (service !== undefined) asked.searchParams.set("service", service);
  asked.searchParams.append("scope", scope);
  if (known?.kind !== "password") return ask(asked, {});
  asked.searchParams.set("account", known.user);
  return ask(asked, { authorization: basic(known) });
}

/** Undefined where the server does not know this way. */
async function byIdentity(
  url: URL,
  service: string | undefined,
  scope: string,
  token: string,
  ask: AskForToken,
): Promise<Answer | undefined> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "leaktrace",
    scope,
    refresh_token: token,
    ...(service === undefined ? {} : { service }),
  });
  const answer = await ask(url, {}, form);
  if (answer.status !== 404 && answer.status !== 405) return answer;
  await answer.discard();
  return undefined;
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** The server that a registry sends us to. One inside of this machine or its network may only be named by a registry that is there itself. */
function tokenServer(realm: string, registry: URL): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && registry.protocol === "http:");
  if (url === undefined || !isSecure) throw new RegistryFailure("protocol", "its token server is not one to be asked");
  if (isInside(url.hostname) && !isInside(registry.hostname))
    throw new RegistryFailure("protocol", "it sends us to an address inside of this network for a token");
  url.username = url.password = url.hash = "";
  return url;
}

/** Literals of this machine and of private networks. */
function isInside(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(name) ||
    /^(?:::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::ffff:)/.test(name)
  );
}

/** The same host, or one of the same owner's domain: `auth.docker.io` for `registry-1.docker.io`. */
function isOwn(server: string, registry: string): boolean {
  if (server === registry) return true;
  const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);
  return (
    !isAddress(server) && !isAddress(registry) && registry.includes(".") && domainOf(server) === domainOf(registry)
  );
}

/** Under names of two short parts (`co.uk`) everybody can have a domain. */
function domainOf(name: string): string {
  const labels = name.split(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === 2 && second.length <= 3 ? -3 : -2).join(".");
}

function readToken(bytes: Buffer | undefined): { text: string; seconds: number } | undefined {
  const answer = asRecord(bytes === undefined ? undefined : parseJson(bytes)) ?? {};
  const seconds = answer["expires_in"];
  const text = asText(answer["token"]) || asText(answer["access_token"]);
  // A header must not hold line ends.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  return { text, seconds: Math.max(leastLifeSeconds, typeof seconds === "number" ? seconds : 0) };
}
