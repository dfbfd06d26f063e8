import { decodeBase58Check } from "../checks/base58.ts";

/** What addresses of Bitcoin and its kin begin with: pay to a key's hash, pay to a script's. */
const VERSIONS: ReadonlySet<number> = new Set([0x00, 0x05]);
const SHAPE = /^[13][1-9A-HJ-NP-Za-km-z]{25,34}$/;

/** Whether a value is an address that money is sent to, as its checksum proves: everybody may know it. */
export function isAddressOfChain(value: string): boolean {
  if (!SHAPE.test(value)) return false;
  const payload = decodeBase58Check(value);
  return payload !== undefined && payload.length === 21 && VERSIONS.has(payload[0]!);
}
