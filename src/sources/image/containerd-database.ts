import { join } from "node:path";

/** Where containerd keeps its names, seen from the content store beside it. */
export function containerdDatabase(contentStore: string): string {
  return join(contentStore, "../io.containerd.metadata.v1.bolt/meta.db");
}
