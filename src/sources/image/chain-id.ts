import { createHash } from "node:crypto";

/** What engines call each layer together with all below it (OCI image specification, config.md, "Layer ChainID"), from the lowest one on. */
export function* chainIds(diffIds: readonly string[]): Generator<string, void> {
  let chain = "";
  for (const diffId of diffIds) {
    chain = chain === "" ? diffId : `sha256:${createHash("sha256").update(`${chain} ${diffId}`).digest("hex")}`;
    yield chain;
  }
}
