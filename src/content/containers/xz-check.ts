import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crc64 } from "./crc64.ts";
import type { LzmaDecoder } from "./lzma/decoder.ts";

/** The check of a block over what comes out of it (The .xz File Format, 3.4). */
export interface Check {
  /** `piece`: what the decoder gave just now, or what a filter made of that. */
  add(piece: Uint8Array): void;
  isRight(stored: Buffer): boolean;
}

const kinds = { crc32: 1, crc64: 4, sha256: 10 } as const;

/** Undefined where the kind has none, or one that nobody knows. `decoder`: that of which the pieces come as they are; none where filters are undone behind it. */
export function startCheck(kind: number, decoder: LzmaDecoder | undefined): Check | undefined {
  switch (kind) {
    case kinds.crc32: {
      let sum = 0;
      return { add: (piece) => void (sum = crc32(piece, sum)), isRight: (stored) => stored.readUInt32LE(0) === sum };
    }
    case kinds.crc64: {
      if (decoder === undefined) {
        const own = new Crc64();
        return { add: (piece) => own.update(piece), isRight: (stored) => stored.readBigUInt64LE(0) === own.digest() };
      }
      let sum = 0n;
      return {
        add: (piece) => void (sum = decoder.crc64(piece, sum)),
        isRight: (stored) => stored.readBigUInt64LE(0) === sum,
      };
    }
    case kinds.sha256: {
      const hash = createHash("sha256");
      return { add: (piece) => void hash.update(piece), isRight: (stored) => stored.equals(hash.digest()) };
    }
    default:
      return undefined;
  }
}
