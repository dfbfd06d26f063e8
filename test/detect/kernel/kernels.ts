import { readFileSync } from "node:fs";
import { instantiateKernel, type KernelCode } from "../../../src/detect/kernel/code.ts";
import type { Sieve } from "../../../src/detect/kernel/sieve.ts";
import { createTwin } from "../../../src/detect/kernel/twin.ts";

const module = new WebAssembly.Module(readFileSync(new URL("../../../dist/kernel.wasm", import.meta.url)));

/** The WebAssembly kernel as the build made it. */
export function createWasm(): KernelCode {
  return instantiateKernel(module);
}

/** For kernels that only scan. */
export const noSieve: Sieve = {
  starts: new Uint32Array(1),
  actions: new Uint32Array(0),
  programs: new Uint8Array(0),
};

/** Both kernels, each with memory of its own, and room for `bytes` above `base`. */
export function bothKernels(bytes: number): {
  readonly base: number;
  readonly wasm: KernelCode;
  readonly twin: KernelCode;
} {
  const wasm = createWasm();
  const twin = createTwin();
  const base = align(Math.max(wasm.heapBase, twin.heapBase));
  for (const code of [wasm, twin]) {
    const missing = Math.ceil((base + bytes - code.memory.buffer.byteLength) / 65536);
    if (missing > 0) code.memory.grow(missing);
  }
  return { base, wasm, twin };
}

/** Copies bytes into the memory of a kernel. */
export function poke(code: KernelCode, at: number, bytes: Uint8Array): void {
  new Uint8Array(code.memory.buffer).set(bytes, at);
}

/** Bytes of a kernel's memory. */
export function peek(code: KernelCode, at: number, length: number): Buffer {
  return Buffer.from(new Uint8Array(code.memory.buffer, at, length));
}

export function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}
