import { startBlobId } from "../../content/blob-id.ts";
import { chunksOf, type Bytes } from "../../content/containers/index.ts";

/** Takes the bytes of a content, one after the other, and gives its git id. */
export interface IdMaker {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

/**
 * The git id of a file with holes. Reading a hole takes a tenth of the time that SHA-1 of its zeros does, and a file can have a terabyte of them (the log
 * of logins, where an account has a large number), so the file is read again where somebody asks.
 */
export class LaterId implements IdMaker {
  readonly #whole: Bytes;

  constructor(whole: Bytes) {
    this.#whole = whole;
  }

  update(_: Uint8Array): void {}

  digest(encoding: "hex"): string {
    const hash = startBlobId(this.#whole.size);
    for (const chunk of chunksOf(this.#whole)) hash.update(chunk);
    return hash.digest(encoding);
  }
}
