import type { Answer } from "./answer.ts";
import type { RegistryClient } from "./client.ts";
import { RegistryFailure } from "./failure.ts";

/** Asks for something below a repository: `manifests/latest`. Gives the answer whatever its status; throws RegistryFailure. */
export type Ask = (
  method: "GET" | "HEAD",
  below: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** A repository at one registry. */
export interface Place {
  readonly client: RegistryClient;
  readonly repository: string;
}

/** A repository at its registry, and before that at mirrors of it: what one of them does not give is asked of the next. */
export class Places implements AsyncDisposable {
  #places: readonly Place[];
  readonly #all: readonly Place[];

  /** `places`: in the order in which they are asked; the registry itself is the last. */
  constructor(places: readonly Place[]) {
    this.#places = places;
    this.#all = places;
  }

  readonly ask: Ask = async (method, below, headers) => {
    for (const place of this.#places.slice(0, -1)) {
      try {
        const answer = await askAt(place, method, below, headers);
        if (answer.status < 400) return answer;
        await answer.discard();
      } catch (error) {
        if (!(error instanceof RegistryFailure) || error.reason === "interrupted") throw error;
        // Whatever it is, it is no mirror to rely on.
        this.#places = this.#places.filter((one) => one !== place);
      }
    }
    return askAt(this.#places.at(-1)!, method, below, headers).catch((error: unknown) => {
      const isSilent = error instanceof RegistryFailure && (error.reason === "unreachable" || error.reason === "busy");
      if (!isSilent || this.#all.length === 1) throw error;
      throw new RegistryFailure(error.reason, `${error.message}, and no mirror has it`);
    });
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#all) await client[Symbol.asyncDispose]();
  }
}

function askAt({ client, repository }: Place, ...[method, below, headers]: Parameters<Ask>): Promise<Answer> {
  return client.ask(method, `/v2/${repository}/${below}`, headers);
}
