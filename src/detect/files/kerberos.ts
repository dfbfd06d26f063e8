import { factText } from "../checks/check.ts";

/** Reads numbers and counted texts one after the other; past the end everything is undefined. */
class Fields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  number(size: number): number | undefined {
    const end = this.#at + size;
    if (end > this.#bytes.length) return undefined;
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at = end;
    return value;
  }

  counted(size: number): string | undefined {
    const length = this.number(size);
    if (length === undefined || length > 1_024 || this.#at + length > this.#bytes.length) return undefined;
    const text = this.#bytes.toString("utf8", this.#at, this.#at + length);
    this.#at += length;
    // Names of realms and principals have no control characters; what is something else by chance has.
    return /^\P{Cc}+$/u.test(text) && !text.includes("\uFFFD") ? text : undefined;
  }

  /** A principal: its realm, then so many names. */
  principal(names: number, size: number): string | undefined {
    const realm = this.counted(size);
    if (realm === undefined || names < 1 || names > 16) return undefined;
    const parts: string[] = [];
    for (let i = 0; i < names; i++) {
      const part = this.counted(size);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return factText(`${parts.join("/")}@${realm}`);
  }
}

/** MIT's keytab, version 2 (big endian): entries of a size, a principal, and a key. Names the first principal; the realm's own key is another kind of file. */
export function keytab(head: Buffer): readonly string[] | undefined {
  const principal = firstPrincipal(head);
  return principal === undefined || isMaster(principal) ? undefined : [`Kerberos keys of ${principal}`];
}

/** The stash of a realm: a keytab with the key of `K/M`, or in older versions its kind, its length, and its bytes, as the machine writes numbers. */
export function stash(head: Buffer, size: number): readonly string[] | undefined {
  if (head.readUInt16BE(0) === 0x0502) {
    const principal = firstPrincipal(head);
    return principal !== undefined && isMaster(principal) ? [`master key of ${principal.slice(4)}`] : undefined;
  }
  for (const isLittle of [true, false]) {
    const kind = isLittle ? head.readUInt16LE(0) : head.readUInt16BE(0);
    const length = isLittle ? head.readUInt32LE(2) : head.readUInt32BE(2);
    if (keyBytes.get(kind) === length && size === 6 + length && isKey(head.subarray(6, size), kind))
      return ["master key of a realm"];
  }
  return undefined;
}

/** Of the kinds of keys that a realm's own has (RFC 3961, 8.3; RFC 3962; RFC 4757; RFC 8009). */
const keyBytes: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [2, 8],
  [3, 8],
  [16, 24],
  [17, 16],
  [18, 32],
  [19, 16],
  [20, 32],
  [23, 16],
]);
/** Up to this kind they are DES and triple DES, whose bytes have an odd number of bits each. */
const lastOfDes = 16;

/** Whether bytes are a key: any short file can begin with a small number and a length. */
function isKey(bytes: Buffer, kind: number): boolean {
  if (kind <= lastOfDes && !bytes.every(isOdd)) return false;
  return new Set(bytes).size * 4 >= bytes.length * 3 && bytes.some((byte) => byte < 0x20 || byte > 0x7e);
}

function isOdd(byte: number): boolean {
  let bits = byte;
  for (const by of [4, 2, 1]) bits ^= bits >> by;
  return (bits & 1) === 1;
}

function isMaster(principal: string): boolean {
  return principal.startsWith("K/M@");
}

function firstPrincipal(head: Buffer): string | undefined {
  const fields = new Fields(head, 2);
  const size = fields.number(4);
  const names = fields.number(2);
  if (size === undefined || size === 0 || names === undefined) return undefined;
  return fields.principal(names, 2);
}

/** MIT's credential cache, version 3 and 4. Names its owner. */
export function credentialCache(head: Buffer): readonly string[] | undefined {
  const version = head[1];
  if (version !== 3 && version !== 4) return undefined;
  const start = version === 4 && head.length > 4 ? 4 + head.readUInt16BE(2) : 2;
  const fields = new Fields(head, start);
  fields.number(4);
  const names = fields.number(4);
  const principal = names === undefined ? undefined : fields.principal(names, 4);
  return principal === undefined ? undefined : [`Kerberos tickets of ${principal}`];
}

/** KRB-CRED (RFC 4120, 5.8.1): application tag 22, a sequence, version 5, message type 22. */
export function kirbi(head: Buffer): readonly string[] | undefined {
  const start = head.indexOf(Buffer.from("a003020105a103020116", "hex"));
  return head[0] === 0x76 && start > 0 && start < 16 ? ["Kerberos ticket with its session key"] : undefined;
}
