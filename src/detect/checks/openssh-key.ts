import { type CheckResult, factText, invalid, sealed, valid } from "./check.ts";
import { derBits } from "./der.ts";
import { sshHalf } from "./public-half.ts";
import { openSshFingerprint, sshReader } from "./ssh-wire.ts";

const MAGIC_LENGTH = 15;

/** OpenSSH's own format (PROTOCOL.key): the public half is readable even where a passphrase protects the private one. */
export function readOpenSsh(body: Buffer): CheckResult {
  const reader = sshReader(body, MAGIC_LENGTH);
  const cipher = reader.string();
  const derivation = reader.string();
  const options = reader.string();
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
  const half = sshHalf(publicBlob);
  const publicHalf = half === undefined ? {} : { publicHalf: half };
  const type = factText(sshReader(publicBlob, 0).string()?.toString("latin1") ?? "");
  const facts = [`${type} private key${sizeText(publicBlob)}`, openSshFingerprint(publicBlob)];
  // FIDO keys hold only a handle: without the hardware they are of no use.
  if (type.startsWith("sk-")) return { status: "valid", facts: [...facts, "handle of a hardware key"], lower: true };
  const cipherName = factText(cipher.toString("latin1"));
  if (cipherName !== "none")
    return { ...sealed(facts, `${cipherName}, ${derivationText(derivation, options)}`), ...publicHalf };
  return privateBlob.readUInt32BE(0) === privateBlob.readUInt32BE(4) ? { ...valid(facts), ...publicHalf } : invalid;
}

/** `, 3072 bits` of a key whose type does not tell its size. */
export function sizeText(publicBlob: Buffer): string {
  const reader = sshReader(publicBlob, 0);
  const type = reader.string()?.toString("latin1");
  if (type !== "ssh-rsa" && type !== "ssh-dss") return "";
  // RSA: e, n; DSA: p first.
  if (type === "ssh-rsa") reader.string();
  return `, ${derBits(reader.string() ?? new Uint8Array())} bits`;
}

/** `bcrypt with 16 rounds`: the options are a salt and the number of rounds. */
function derivationText(name: Buffer | undefined, options: Buffer | undefined): string {
  const text = factText(name?.toString("latin1"));
  const reader = sshReader(options ?? Buffer.alloc(0), 0);
  reader.string();
  const rounds = reader.number();
  return rounds === undefined ? text : `${text} with ${rounds} rounds`;
}
