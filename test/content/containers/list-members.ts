import { createHash } from "node:crypto";
import {
  bytesInMemory,
  ChunkReader,
  chunksOf,
  containerKindOf,
  isPlaced,
  placedMembers,
  streamedMembers,
} from "../../../src/content/containers/index.ts";

/** What a container gives: names with the text of each member, and what was wrong. */
export interface Listing {
  readonly kind: string | undefined;
  readonly members: readonly (readonly [name: string, text: string])[];
  /** Code, effect and name. */
  readonly faults: readonly string[];
}

/** Reads a container to its end. `text`: how a member's bytes are told. */
export function listMembers(bytes: Uint8Array, text = (all: Buffer): string => all.toString("latin1")): Listing {
  const content = bytesInMemory(bytes);
  const kind = containerKindOf(content);
  const faults: string[] = [];
  const report = ({ code, effect, name }: { code: string; effect: string; name: string }): void =>
    void faults.push(`${code} ${effect} ${name}`);
  const members =
    kind === undefined
      ? []
      : isPlaced(kind)
        ? placedMembers(kind, content, report)
        : streamedMembers(kind, new ChunkReader(chunksOf(content)), report);
  const told: [string, string][] = [];
  for (const { name, chunks } of members) {
    const parts: Buffer[] = [];
    // A piece is valid until the next one is asked for.
    for (const chunk of chunks) parts.push(Buffer.from(chunk));
    told.push([name, text(Buffer.concat(parts))]);
  }
  return { kind, members: told, faults };
}

export function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}
