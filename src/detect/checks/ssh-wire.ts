import { createHash } from "node:crypto";

/** A string in SSH's encoding (RFC 4251 section 5): 32-bit length and bytes. */
export function sshString(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

/** `fingerprint SHA256:…` of a public key blob, as ssh-keygen prints it. */
export function openSshFingerprint(blob: Uint8Array): string {
  return `fingerprint SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Reads SSH strings one after the other; each call gives undefined once the bytes are too short. */
export function sshReader(
  bytes: Buffer,
  start: number,
): { string: () => Buffer | undefined; number: () => number | undefined } {
  let at = start;
  const number = () => {
    if (at + 4 > bytes.length) return undefined;
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const string = () => {
    const length = number();
    if (length === undefined || at + length > bytes.length) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  };
  return { string, number };
}
