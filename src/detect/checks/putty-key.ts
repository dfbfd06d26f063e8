import { createHash, createHmac } from "node:crypto";
import { type CheckResult, factText, invalid, sealed, valid } from "./check.ts";
import { sizeText } from "./openssh-key.ts";
import { sshHalf } from "./public-half.ts";
import { openSshFingerprint, sshReader, sshString } from "./ssh-wire.ts";

/** PuTTY private key files, versions 2 and 3: text headers, then base64 lines whose number is told before them. */
export function readPutty(text: string): CheckResult {
  const plain = text.replace(/\\{1,2}r?\\{0,2}n|\r\n?/g, "\n");
  const head = /PuTTY-User-Key-File-([23]): ?([a-z0-9-]{3,30})/.exec(plain);
  const encryption = /^\s*Encryption: ?([a-z0-9-]{3,20})/m.exec(plain)?.[1];
  if (head === null || encryption === undefined) return invalid;
  const publicBlob = block(plain, "Public-Lines");
  const privateBlob = block(plain, "Private-Lines");
  if (publicBlob === undefined || privateBlob === undefined || privateBlob.length < 16) return invalid;
  const type = sshReader(publicBlob, 0).string()?.toString("latin1");
  if (type === undefined || type !== head[2]) return invalid;
  const facts = [`${type} private key (PuTTY)${sizeText(publicBlob)}`, openSshFingerprint(publicBlob)];
  const half = sshHalf(publicBlob);
  const publicHalf = half === undefined ? {} : { publicHalf: half };
  if (encryption !== "none") {
    const derivation = /^\s*Key-Derivation: ?(\w{3,20})/m.exec(plain)?.[1] ?? "SHA-1";
    return { ...sealed(facts, `${factText(encryption)}, ${derivation}`), ...publicHalf };
  }
  const comment = /^\s*Comment: ?([^\n]{0,200})/m.exec(plain)?.[1] ?? "";
  const covered = [type, encryption, comment].map((text) => Buffer.from(text, "utf8"));
  const told = /^\s*Private-MAC: ?([0-9a-f]{40,64})/m.exec(plain)?.[1];
  return isSigned([...covered, publicBlob, privateBlob], head[1] === "2", told)
    ? { ...valid(facts), ...publicHalf }
    : { status: "invalid", facts: [...facts, "its MAC does not fit"], lower: true, ...publicHalf };
}

/** The MAC of a key without a passphrase: version 2 makes its key of a fixed text, version 3 has none (PuTTY's manual, appendix C). */
function isSigned(fields: readonly Buffer[], isOld: boolean, told: string | undefined): boolean {
  const key = isOld ? createHash("sha1").update("putty-private-key-file-mac-key").digest() : Buffer.alloc(0);
  const mac = createHmac(isOld ? "sha1" : "sha256", key);
  for (const field of fields) mac.update(sshString(field));
  return mac.digest("hex") === told;
}

/** Longest block: an RSA key of 16,384 bits has 130 lines. */
const MAX_LINES = 400;

function block(text: string, name: string): Buffer | undefined {
  const start = new RegExp(`^\\s*${name}: ?(\\d{1,4})\\s*$`, "m").exec(text);
  if (start === null) return undefined;
  const count = Math.min(Number(start[1]), MAX_LINES);
  const lines = text
    .slice(start.index + start[0].length)
    .trimStart()
    .split("\n", count);
  const joined = lines.map((line) => line.trim()).join("");
  return lines.length === count && /^[A-Za-z0-9+/]+={0,2}$/.test(joined) ? Buffer.from(joined, "base64") : undefined;
}
