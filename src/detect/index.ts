/**
 * detect: bytes and rules in, detections out. Pure and synchronous; it opens no files, no sockets and no threads, so it can be used as a library.
 * Flow: keywords (kernel) → regex in a window around each (RE2) → allowlists and judge → places; base64 runs are decoded and go the same way.
 */
import { Detector, type DetectorOptions } from "./detector.ts";

export { Detector, type DetectorOptions, type ScanResult } from "./detector.ts";
export { headBytes } from "./files/path-rules.ts";
export type { ContentStream } from "./stream.ts";
export type { Copies, Trace } from "./trace.ts";
export type { Outcome } from "./outcome.ts";
export { contextOf, type Context } from "./structure/context.ts";
export { explain, type Explanation, type Step, type StepEnd } from "./explain.ts";
export { loadEngine, type CompiledRegex, type RegexEngine } from "./engine.ts";
export { instantiateKernel, type KernelCode } from "./kernel/code.ts";
export { packedFollow, prebuild, unpackPrebuilt, type Prebuilt } from "./prebuilt.ts";
export { createTwin } from "./kernel/twin.ts";
export { deltaErrors, type Kernel } from "./kernel/kernel.ts";

/** Makes a detector for one thread. Throws Error when a regex does not compile (on its first use: rules are compiled when they are hit). */
export function createDetector(options: DetectorOptions): Detector {
  return new Detector(options);
}
