import { createHash } from "node:crypto";
import { join } from "node:path";
import type { IdBytes } from "../../model/object-id.ts";
import { readFileIfThere, readWholeFile } from "../whole-file.ts";
import { readChunks, viewOf } from "./chunk-file.ts";
import { findInIndex, readFanout } from "./pack-index.ts";

/** What a commit-graph tells of a commit. */
export interface GraphedCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer time, seconds since 1970; of times before that or after 2514 the lowest 34 bits. */
  readonly time: number;
}

/** What git noted of the commits of an object folder, so that walks need not read them (gitformat-commit-graph). */
export interface CommitGraph {
  commit(id: string): GraphedCommit | undefined;
}

/** One file; a chain of them has the oldest commits first, and numbers them all through. */
interface Layer {
  readonly ids: { readonly oids: Uint8Array; readonly fanout: Uint32Array; readonly idBytes: IdBytes };
  readonly count: number;
  /** Number of commits in the layers before. */
  readonly before: number;
  readonly data: Uint8Array;
  readonly edges: DataView;
}

const signature = 0x43475048;
const headerBytes = 8;
/** Ten million commits. */
const maxBytes = 2 ** 30;
const maxChainBytes = 1 << 20;
/** Nobody merges more. */
const maxParents = 65_536;
const noParent = 0x70000000;
/** Set: the other parents are a list in the table of edges; there: it is the last one. */
const highBit = 0x80000000;

/** Reads the commit-graph of an object folder. Undefined where there is none, or one that is damaged, whose hash is wrong or whose ids are of another length: it is never needed. */
export function readCommitGraph(objects: string, idBytes: IdBytes): CommitGraph | undefined {
  try {
    const layers = readLayers(objects, idBytes);
    return layers.length === 0 ? undefined : { commit: (id) => commitIn(layers, id) };
  } catch {
    return undefined;
  }
}

function readLayers(objects: string, idBytes: IdBytes): Layer[] {
  const layers: Layer[] = [];
  const add = (bytes: Buffer, hash?: string): void => {
    layers.push(readLayer(bytes, idBytes, layers, hash));
  };
  const single = readFileIfThere(join(objects, "info/commit-graph"), maxBytes);
  if (single !== undefined) {
    add(single);
    return layers;
  }
  const folder = join(objects, "info/commit-graphs");
  const chain = readFileIfThere(join(folder, "commit-graph-chain"), maxChainBytes)?.toString("latin1") ?? "";
  for (const hash of chain.split("\n").filter((line) => line !== "")) {
    if (!/^[0-9a-f]+$/.test(hash)) throw new Error("its chain is damaged");
    add(readWholeFile(join(folder, `graph-${hash}.graph`), maxBytes), hash);
  }
  return layers;
}

function readLayer(bytes: Buffer, idBytes: IdBytes, below: readonly Layer[], hash: string | undefined): Layer {
  const view = viewOf(bytes);
  if (bytes.length < headerBytes + idBytes || view.getUint32(0) !== signature) throw new Error("is no commit-graph");
  if (view.getUint8(4) !== 1 || view.getUint8(5) !== (idBytes === 20 ? 1 : 2)) throw new Error("is of another kind");
  if (view.getUint8(7) !== below.length) throw new Error("is not built on these");
  const end = bytes.length - idBytes;
  const sum = createHash(idBytes === 20 ? "sha1" : "sha256")
    .update(bytes.subarray(0, end))
    .digest();
  if (!sum.equals(bytes.subarray(end)) || (hash !== undefined && sum.toString("hex") !== hash))
    throw new Error("has another hash than it says");
  const chunk = readChunks(bytes, headerBytes, view.getUint8(6));
  const fanout = readFanout(viewOf(chunk("OIDF")), 0);
  const count = fanout[255]!;
  const oids = chunk("OIDL");
  const data = chunk("CDAT");
  if (oids.length < count * idBytes || data.length < count * (idBytes + 16)) throw new Error("is cut off");
  const before = below.reduce((sum, layer) => sum + layer.count, 0);
  return { ids: { oids, fanout, idBytes }, count, before, data, edges: viewOf(chunk("EDGE")) };
}

function commitIn(layers: readonly Layer[], id: string): GraphedCommit | undefined {
  const bytes = Buffer.from(id, "hex");
  for (const layer of layers) {
    if (bytes.length !== layer.ids.idBytes) return undefined;
    const at = findInIndex(layer.ids, bytes, 0);
    if (at >= 0) return read(layers, layer, at);
  }
  return undefined;
}

/** Undefined where it names a commit or an edge that is not there. */
function read(layers: readonly Layer[], { ids, data, edges }: Layer, at: number): GraphedCommit | undefined {
  const { idBytes } = ids;
  const from = at * (idBytes + 16);
  const record = viewOf(data.subarray(from, from + idBytes + 16));
  const numbers: number[] = [];
  const first = record.getUint32(idBytes);
  const second = record.getUint32(idBytes + 4);
  if (first !== noParent) numbers.push(first);
  if (second >= highBit) {
    for (let edge = second - highBit, isLast = false; !isLast; edge++) {
      if (4 * edge + 4 > edges.byteLength || numbers.length > maxParents) return undefined;
      const number = edges.getUint32(4 * edge);
      isLast = number >= highBit;
      numbers.push(isLast ? number - highBit : number);
    }
  } else if (second !== noParent) numbers.push(second);
  const parents = numbers.map((number) => idAt(layers, number));
  if (!parents.every((parent) => parent !== undefined)) return undefined;
  return {
    tree: Buffer.from(data.subarray(from, from + idBytes)).toString("hex"),
    parents,
    // Above the time's two highest bits stands the generation.
    time: (record.getUint32(idBytes + 8) & 3) * 2 ** 32 + record.getUint32(idBytes + 12),
  };
}

function idAt(layers: readonly Layer[], number: number): string | undefined {
  const layer = layers.findLast(({ before }) => before <= number);
  if (layer === undefined || number - layer.before >= layer.count) return undefined;
  const { oids, idBytes } = layer.ids;
  const from = (number - layer.before) * idBytes;
  return Buffer.from(oids.subarray(from, from + idBytes)).toString("hex");
}
