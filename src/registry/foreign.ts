import { lookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { isPublicAddress } from "./addresses.ts";
import type { Answer } from "./answer.ts";
import { RegistryFailure } from "./failure.ts";
import type { ForeignPlaces } from "./foreign-places.ts";

const maxHops = 5;
const silentMs = 60_000;
const longestUrl = 4096;

const inside = (): RegistryFailure =>
  new RegistryFailure("denied", "a layer lies on a server of an inner network, which is not asked");

/** Finds addresses as Node does, and refuses those of inner networks: what is looked up is what is connected to. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) callback(error ?? inside(), "");
    else if (!addresses.every(({ address }) => isPublicAddress(address))) callback(inside(), "");
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Asks servers that a manifest names. No credentials go there; whoever made the manifest has chosen them. */
export class ForeignClient implements AsyncDisposable {
  readonly #places: ForeignPlaces;
  readonly #signal: AbortSignal;
  readonly #dispatcher: Dispatcher;

  constructor(places: ForeignPlaces, signal: AbortSignal) {
    this.#places = places;
    this.#signal = signal;
    // A proxy looks names up for itself, so they are looked up before it is asked; without one, what is looked up is what is connected to.
    const lookup = places === "any" ? {} : { lookup: publicLookup };
    const connect = { timeout: 20_000, ...lookup };
    this.#dispatcher = new EnvHttpProxyAgent({ headersTimeout: silentMs, bodyTimeout: silentMs, connect });
  }

  /** Gives what a server answers, redirects followed. Throws RegistryFailure. */
  async ask(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    let at = this.#checked(url, undefined);
    for (let hop = 0; hop <= maxHops; hop++) {
      await this.#checkName(at);
      const asked = { "accept-encoding": "identity", ...headers };
      const response = await request(at, { dispatcher: this.#dispatcher, signal: this.#signal, headers: asked }).catch(
        (error: unknown) => {
          if (error instanceof RegistryFailure) throw error;
          throw new RegistryFailure("unreachable", "the server that holds a layer cannot be reached");
        },
      );
      const header = (name: string): string | undefined => {
        const value = response.headers[name];
        return typeof value === "string" ? value : value?.[0];
      };
      const discard = (): Promise<void> => response.body.dump({ limit: 1 << 16 }).catch(() => {});
      const location = header("location");
      if (response.statusCode < 300 || response.statusCode > 399 || location === undefined)
        return { status: response.statusCode, header, body: response.body, discard };
      await discard();
      at = this.#checked(location, at);
    }
    throw new RegistryFailure("protocol", "the server that holds a layer redirects without end");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** Throws RegistryFailure for a name of an inner network, and for one that nobody here knows: a proxy might. */
  async #checkName({ hostname }: URL): Promise<void> {
    if (this.#places === "any" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return;
    const failure = await new Promise<Error | null>((resolve) => publicLookup(hostname, { all: true }, resolve));
    if (failure === null) return;
    if (failure instanceof RegistryFailure) throw failure;
    throw new RegistryFailure("unreachable", "the server that holds a layer is not known by its name");
  }

  #checked(text: string, from: URL | undefined): URL {
    const url = text.length <= longestUrl && URL.canParse(text, from?.href) ? new URL(text, from) : undefined;
    if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
      throw new RegistryFailure("protocol", "a layer lies where nothing is fetched from");
    url.username = url.password = "";
    // Addresses that are spelled out are not looked up.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (this.#places === "public" && isIP(host) !== 0 && !isPublicAddress(host)) throw inside();
    return url;
  }
}
