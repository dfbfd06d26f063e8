import { join } from "node:path";

/** Where containerd keeps its names, seen from the content store beside it. */
export function containerdDatabase(contentStore: string): string {
  return join(contentStore, "../io.containerd.metadata.v1.bolt/meta.db");
}

/** Kinds of snapshotters that are read, and where each keeps the files of a snapshot, below the snapshot's own folder. */
export const snapshotters: ReadonlyMap<string, string> = new Map([
  ["overlayfs", "fs"],
  ["fuse-overlayfs", "fs"],
  ["native", ""],
]);

/** The folder of a snapshotter, seen from the content store beside it. */
export function snapshotterFolder(contentStore: string, snapshotter: string): string {
  return join(contentStore, `../io.containerd.snapshotter.v1.${snapshotter}`);
}

/** What is read beside a content store, whether it is there or not. */
export function besideContentStore(contentStore: string): readonly string[] {
  const folders = [...snapshotters.keys()].map((name) => snapshotterFolder(contentStore, name));
  return [containerdDatabase(contentStore), ...folders];
}
