import { createHash } from "node:crypto";
import { type CheckResult, factText, invalid, valid } from "./check.ts";

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

const MAGIC_LENGTH = 15;

/** OpenSSH's own format (PROTOCOL.key): the public half is readable even where a passphrase protects the private one. */
export function readOpenSsh(body: Buffer): CheckResult {
  const reader = sshReader(body, MAGIC_LENGTH);
  const cipher = reader.string();
  reader.string();
  reader.string();
  const count = reader.number();
  const publicBlob = reader.string();
  const privateBlob = reader.string();
  if (
    cipher === undefined ||
    count === undefined ||
    publicBlob === undefined ||
    privateBlob === undefined ||
    privateBlob.length < 8
  )
    return invalid;
  const type = factText(sshReader(publicBlob, 0).string()?.toString("latin1") ?? "");
  const facts = [`${type} private key`, openSshFingerprint(publicBlob)];
  // FIDO keys hold only a handle: without the hardware they are of no use.
  if (type.startsWith("sk-")) return { status: "valid", facts: [...facts, "handle of a hardware key"], lower: true };
  if (cipher.toString("latin1") !== "none")
    return { status: "valid", facts: [...facts, "encrypted with a passphrase"], lower: true };
  return privateBlob.readUInt32BE(0) === privateBlob.readUInt32BE(4) ? valid(facts) : invalid;
}
