import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { pathToFileURL } from "node:url";

const archivePrefix =
  /^((?:docker-archive|dir|oci|oci-archive|containers-storage|docker-storage|containerd|rootfs):)(.+)$/;

/**
 * A name for a target that is the same wherever it is scanned from, and another one on another machine: `file://host/path` for what lies here, else the name itself (an address, a
 * reference). Two streams are never the same.
 */
export function targetIdentity(name: string): string {
  if (name === "-") return `stdin:${randomBytes(16).toString("hex")}`;
  const [, prefix = "", path = name] = archivePrefix.exec(name) ?? [];
  try {
    return `${prefix}${pathToFileURL(realpathSync(path)).href.replace("file://", `file://${hostname()}`)}`;
  } catch {
    return name;
  }
}
