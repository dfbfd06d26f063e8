import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { bucketAt, entriesOf, openBolt, type BoltBucket, type BoltEntry, type BoltFile } from "../../content/bolt.ts";
import { isDigest } from "../../content/digest.ts";
import { parseJson } from "../../content/json.ts";
import { containerdDatabase, snapshotterFolder, snapshotters } from "./containerd-database.ts";

/** A database is read whole; those of busy machines have some tens of megabytes. */
const MAX_DATABASE_BYTES = 256 << 20;
/** Snapshots and containers of one machine. */
const MAX_ENTRIES = 1_000_000;
/** What containerd says of what lies in its folder: all namespaces. */
export interface ContainerdMetadata {
  /** What it calls images, by the digests of their manifests or indexes. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  readonly containers: readonly ContainerdContainer[];
  /** Folders of unpacked layers, by their chain ids. */
  readonly layers: ReadonlyMap<string, string>;
}

export interface ContainerdContainer {
  readonly id: string;
  /** How it is run (OCI runtime specification), as JSON; empty where nothing is said. */
  readonly spec: Buffer;
  /** What else is said of it, by fields of a document. */
  readonly told: Readonly<Record<string, unknown>>;
  /** Where its files lie; undefined where that is not known. */
  readonly folder: string | undefined;
  /** Whether it has files of its own at all. */
  readonly isSomewhere: boolean;
}

/**
 * Reads the databases beside a content store: that of containerd (`meta.db`), and that of each snapshotter, which knows where snapshots lie. Empty where there is none, or none that can be
 * read: what they tell is all that is missing then.
 */
export async function readContainerdMetadata(contentStore: string): Promise<ContainerdMetadata> {
  const names = new Map<string, Set<string>>();
  const containers: ContainerdContainer[] = [];
  const layers = new Map<string, string>();
  const file = await openAt(containerdDatabase(contentStore));
  const spaces = bucketIn(file, ["v1"]);
  if (file === undefined || spaces === undefined) return { names, containers, layers };
  const folders = new Map<string, ReadonlyMap<string, string>>();
  for (const [snapshotter, below] of snapshotters)
    folders.set(snapshotter, await snapshotFolders(snapshotterFolder(contentStore, snapshotter), below));
  for (const { key: space } of entriesOf(file, spaces)) {
    readNames(file, space, names);
    const own = new Map<string, string>();
    for (const [snapshotter, places] of folders) {
      const known = bucketIn(file, ["v1", space, "snapshots", snapshotter]);
      for (const { key, bucket } of known === undefined ? [] : entriesOf(file, known)) {
        const place = places.get(textOf(file, bucket, "name"));
        if (place === undefined || own.size >= MAX_ENTRIES) continue;
        own.set(`${snapshotter} ${key}`, place);
        if (isDigest(key)) layers.set(key, place);
      }
    }
    const listed = bucketIn(file, ["v1", space, "containers"]);
    for (const { key: id, bucket } of listed === undefined ? [] : entriesOf(file, listed)) {
      if (bucket === undefined || containers.length >= MAX_ENTRIES) continue;
      const snapshot = textOf(file, bucket, "snapshotKey");
      const folder = own.get(`${textOf(file, bucket, "snapshotter")} ${snapshot}`);
      const spec = jsonIn(valueOf(file, bucket, "spec"));
      containers.push({ id, spec, told: toldOf(file, bucket), folder, isSomewhere: snapshot !== "" });
    }
  }
  return { names, containers, layers };
}

/** Labels of a container, and what Kubernetes keeps with it: how it was asked for. */
function toldOf(file: BoltFile, container: BoltBucket): Readonly<Record<string, unknown>> {
  const within = (name: string): readonly BoltEntry[] => {
    const bucket = bucketOf(file, container, name);
    return bucket === undefined ? [] : [...entriesOf(file, bucket)];
  };
  const labels = within("labels").map(({ key, value }) => [key, value.toString("utf8")]);
  const extensions = within("extensions").map(({ key, value }) => [key, parseJson(jsonIn(value))]);
  return { labels: Object.fromEntries(labels), extensions: Object.fromEntries(extensions) };
}

function bucketOf(file: BoltFile, bucket: BoltBucket, name: string): BoltBucket | undefined {
  for (const entry of entriesOf(file, bucket)) if (entry.key === name) return entry.bucket;
  return undefined;
}

function readNames(file: BoltFile, space: string, names: Map<string, Set<string>>): void {
  const images = bucketIn(file, ["v1", space, "images"]);
  for (const { key: name, bucket } of images === undefined ? [] : entriesOf(file, images)) {
    const parts = bucket === undefined ? [] : [...entriesOf(file, bucket)];
    const digest = textOf(file, parts.find(({ key }) => key === "target")?.bucket, "digest");
    if (isDigest(digest)) names.set(digest, (names.get(digest) ?? new Set<string>()).add(name));
  }
}

/** The folders of a snapshotter's snapshots, by the names that containerd gave them. */
async function snapshotFolders(folder: string, below: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const file = await openAt(join(folder, "metadata.db"));
  const snapshots = bucketIn(file, ["v1", "snapshots"]);
  if (file === undefined || snapshots === undefined) return found;
  for (const { key: name, bucket } of entriesOf(file, snapshots)) {
    const id = bucket === undefined || found.size >= MAX_ENTRIES ? undefined : numberIn(valueOf(file, bucket, "id"));
    if (id !== undefined) found.set(name, join(folder, "snapshots", String(id), below));
  }
  return found;
}

async function openAt(path: string): Promise<BoltFile | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true || facts.size > MAX_DATABASE_BYTES) return undefined;
  return openBolt(await readFile(path).catch(() => Buffer.alloc(0)));
}

function bucketIn(file: BoltFile | undefined, keys: readonly string[]): BoltBucket | undefined {
  return file === undefined ? undefined : bucketAt(file, keys);
}

function valueOf(file: BoltFile, bucket: BoltBucket, name: string): Buffer {
  for (const { key, value } of entriesOf(file, bucket)) if (key === name) return value;
  return Buffer.alloc(0);
}

function textOf(file: BoltFile, bucket: BoltBucket | undefined, name: string): string {
  return bucket === undefined ? "" : valueOf(file, bucket, name).toString("utf8");
}

/** A number as Go's `binary.PutUvarint` writes it. */
function numberIn(bytes: Uint8Array): number | undefined {
  let number = 0;
  for (const [i, byte] of bytes.subarray(0, 7).entries()) {
    number += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return number;
  }
  return undefined;
}

/** The document in a protobuf `Any`: its type's address comes first, then, as field 2, what it holds. */
function jsonIn(any: Buffer): Buffer {
  const begin = any.indexOf(0x7b);
  return begin < 0 ? Buffer.alloc(0) : any.subarray(begin);
}
