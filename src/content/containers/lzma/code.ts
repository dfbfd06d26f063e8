import { readFileSync } from "node:fs";
import { asset } from "../../asset.ts";

/** Why `run` ended; what is damaged comes last. */
export const runEnd = { more: 0, marker: 1, outside: 2, tooLong: 3, cutOff: 4 } as const;

/** The functions of the WebAssembly module; assembly/index.ts says what each does. */
export interface LzmaCode {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: { readonly value: number };
  readonly at: { readonly value: number };
  readonly next: { value: number };
  readonly made: { readonly value: number };
  place(ringAt: number, ringSize: number, literalsAt: number): void;
  resetDictionary(): void;
  setProperties(literalContext: number, literalPosition: number, positionBits: number): void;
  resetState(literalBits: number): void;
  put(from: number, length: number): void;
  start(from: number): number;
  isFinished(): number;
  run(end: number, isLast: boolean, enough: number, most: number): number;
  makeCrcTables(): void;
  crc64(from: number, length: number, before: bigint): bigint;
}

let module: WebAssembly.Module | undefined;

/** One more of them, with a memory of its own. It imports nothing, so nothing that it does can reach outside of that. */
export function instantiateLzma(): LzmaCode {
  module ??= new WebAssembly.Module(readFileSync(asset("lzma.wasm")));
  return new WebAssembly.Instance(module, {}).exports as unknown as LzmaCode;
}
