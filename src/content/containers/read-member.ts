import { bytesInMemory } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import {
  containerKind,
  containerKindOf,
  endsAsZip,
  isCompressed,
  isPlaced,
  kindBytes,
  placedMembers,
  streamedMembers,
  type ContainerKind,
  type Member,
} from "./index.ts";
import { insideLimits } from "./limits.ts";

/**
 * Reads the members of a container that is in memory which have a path under which scans tell of them (`inner.zip!a/b`): archives may name two alike. Compressed files are expanded. Members that
 * have more than `maxBytes` are left out, as are those in containers that do.
 */
export function* readMembers(bytes: Uint8Array, path: string, maxBytes: number): Generator<Buffer, void> {
  const reader = new ChunkReader([bytes]);
  const kind = containerKindOf(bytesInMemory(bytes));
  const { maxMembers, freeBytes } = insideLimits;
  const search = { path, maxBytes, membersLeft: maxMembers, bytesLeft: freeBytes, depthLeft: maxDepth };
  if (kind !== undefined) yield* membersIn(kind, reader, "", search);
}

/** Containers and forms in each other: more than a scan goes through by itself. */
const maxDepth = 40;

interface Search {
  readonly path: string;
  readonly maxBytes: number;
  /** What may still be looked at: an archive of a stranger has any number of members, of any size. */
  membersLeft: number;
  bytesLeft: number;
  depthLeft: number;
}

function* membersIn(kind: ContainerKind, reader: ChunkReader, at: string, search: Search): Generator<Buffer, void> {
  if (search.depthLeft <= 0) return;
  search.depthLeft--;
  for (const member of membersOf(kind, reader, search.maxBytes)) {
    if (--search.membersLeft < 0 || search.bytesLeft <= 0) break;
    const path = at === "" ? member.name : member.name === "" ? at : `${at}!${member.name}`;
    const isIt = path === search.path;
    if (!isIt && !search.path.startsWith(`${path}!`) && path !== "") continue;
    yield* contentsOf(new ChunkReader(counted(member.chunks, search)), path, isIt, search);
  }
  search.depthLeft++;
}

/** What is looked for, in a member that is it or may hold it. */
function* contentsOf(reader: ChunkReader, path: string, isIt: boolean, search: Search): Generator<Buffer, void> {
  const kind = containerKind(reader.peek(kindBytes));
  if (kind !== undefined && (!isIt || isCompressed(kind))) return yield* membersIn(kind, reader, path, search);
  const held = whole(reader, search.maxBytes);
  if (held === undefined) return;
  if (isIt) yield held;
  // An archive behind a program, or behind whatever else.
  else if (endsAsZip(bytesInMemory(held))) yield* membersIn("zip", new ChunkReader([held]), path, search);
}

function* counted(chunks: Iterable<Uint8Array>, search: Search): Generator<Uint8Array, void> {
  for (const chunk of chunks) {
    search.bytesLeft -= chunk.length;
    if (search.bytesLeft <= 0) return;
    yield chunk;
  }
}

function membersOf(kind: ContainerKind, reader: ChunkReader, maxBytes: number): Iterable<Member> {
  if (!isPlaced(kind)) return streamedMembers(kind, reader, () => {});
  const held = whole(reader, maxBytes);
  return held === undefined ? [] : placedMembers(kind, bytesInMemory(held), () => {});
}

function whole(reader: ChunkReader, maxBytes: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let size = 0;
  for (const chunk of reader.stream(maxBytes + 1)) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    parts.push(Buffer.from(chunk));
  }
  return reader.isAtEnd ? Buffer.concat(parts) : undefined;
}
