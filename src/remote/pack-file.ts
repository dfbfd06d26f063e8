import { createHash, type Hash } from "node:crypto";
import { open, rename, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { IdBytes } from "../model/object-id.ts";
import { Failure } from "./failure.ts";

const headerBytes = 12;

function isPackHeader(head: Buffer): boolean {
  const version = head.readUInt32BE(4);
  return head.toString("latin1", 0, 4) === "PACK" && (version === 2 || version === 3);
}

export interface WrittenPack {
  readonly path: string;
  /** What it ends with: the hash of everything before. */
  readonly hash: Buffer;
  readonly objects: number;
}

/** A pack that is being written, piece by piece (gitformat-pack). It has its name once it is whole. */
export class PackFile implements AsyncDisposable {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #hash: Hash;
  readonly #idBytes: IdBytes;
  /** The last bytes that came: at the end they are the hash of the others. */
  #tail = Buffer.alloc(0);
  #head = Buffer.alloc(0);
  #size = 0;

  private constructor(folder: string, file: FileHandle, idBytes: IdBytes) {
    this.#folder = folder;
    this.#file = file;
    this.#idBytes = idBytes;
    this.#hash = createHash(idBytes === 20 ? "sha1" : "sha256");
  }

  /** Opens one in the folder of packs of a repository. */
  static async open(folder: string, idBytes: IdBytes): Promise<PackFile> {
    return new PackFile(folder, await open(join(folder, "tmp_pack"), "wx", 0o600), idBytes);
  }

  get size(): number {
    return this.#size;
  }

  /** Throws Failure where this is no pack. */
  async write(piece: Buffer): Promise<void> {
    if (this.#head.length < headerBytes) {
      this.#head = Buffer.concat([this.#head, piece.subarray(0, headerBytes - this.#head.length)]);
      if (this.#head.length >= headerBytes && !isPackHeader(this.#head)) throw new Failure("not-a-repository");
    }
    const all = Buffer.concat([this.#tail, piece]);
    const end = Math.max(0, all.length - this.#idBytes);
    this.#hash.update(all.subarray(0, end));
    this.#tail = all.subarray(end);
    this.#size += piece.length;
    await this.#file.write(piece);
  }

  /** All of it is here. Throws Failure where it is not what it says. */
  async finish(): Promise<WrittenPack> {
    await this.#file.close();
    if (this.#head.length < headerBytes || !this.#hash.digest().equals(this.#tail)) throw new Failure("broken-off");
    const path = join(this.#folder, `pack-${this.#tail.toString("hex")}.pack`);
    await rename(join(this.#folder, "tmp_pack"), path);
    return { path, hash: this.#tail, objects: this.#head.readUInt32BE(8) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
