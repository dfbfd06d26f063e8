/** How long the arguments of an opcode are: so many bytes; a length of so many bytes and what it tells; or lines of text. */
type Arguments = { readonly fixed: number } | { readonly counted: number } | { readonly lines: number };

/** Opcodes of the protocols 0 to 5 (PEP 307, 3154, 574). */
const opcodes: readonly (readonly [codes: string, Arguments])[] = [
  [
    "28 30 31 32 4e 51 52 5d 61 62 64 65 6c 6f 29 28 73 74 75 7d 81 85 86 87 88 89 8f 90 91 92 93 94 97 98",
    { fixed: 0 },
  ],
  ["4b 68 71 80 82", { fixed: 1 }],
  ["4d 83", { fixed: 2 }],
  ["4a 6a 72 84", { fixed: 4 }],
  ["47 95", { fixed: 8 }],
  ["43 55 8a 8c", { counted: 1 }],
  ["42 54 58 8b", { counted: 4 }],
  ["8d 8e 96", { counted: 8 }],
  ["46 49 4c 50 53 56 67 70", { lines: 1 }],
  ["63 69", { lines: 2 }],
];
const stop = 0x2e;

const argumentsOf = new Map(
  opcodes.flatMap(([codes, told]) => Array.from(Buffer.from(codes.replaceAll(" ", ""), "hex"), (code) => [code, told])),
);

/** joblib writes arrays between the opcodes as they lie in memory. */
const rawArrays = Buffer.from("NumpyArrayWrapper");

/** Whether what Python's `pickle` wrote breaks off before it says that it ends; false as well where that cannot be told. */
export function isCutPickle(file: Buffer): boolean {
  if (file.includes(rawArrays)) return false;
  for (let at = 0; at < file.length;) {
    const code = file[at++]!;
    if (code === stop) return false;
    const told = argumentsOf.get(code);
    if (told === undefined) return false;
    if ("fixed" in told) at += told.fixed;
    else if ("counted" in told) {
      if (at + told.counted > file.length) return true;
      const length = told.counted === 8 ? Number(file.readBigUInt64LE(at)) : file.readUIntLE(at, told.counted);
      at += told.counted + length;
    } else {
      for (let left = told.lines; left > 0; left--) {
        const end = file.indexOf(10, at);
        if (end < 0) return true;
        at = end + 1;
      }
    }
  }
  return true;
}
