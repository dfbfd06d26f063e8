import { readFile } from "node:fs/promises";
import { createDetector, instantiateKernel, type Detector, type DetectorOptions } from "../detect/index.ts";
import { asset } from "../content/asset.ts";

/** A detector in this thread, for commands that look at one text and need no workers. Marks in lines count. */
export async function openDetector(
  options: Pick<DetectorOptions, "ruleset" | "engine" | "decodeDepth">,
): Promise<Detector> {
  const code = instantiateKernel(new WebAssembly.Module(await readFile(asset("kernel.wasm"))));
  return createDetector({ ...options, code, honourInlineAllow: true });
}
