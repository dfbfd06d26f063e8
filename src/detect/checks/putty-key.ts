import { type CheckResult, invalid, valid } from "./check.ts";
import { openSshFingerprint, sshReader } from "./openssh-key.ts";

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
  if (type !== head[2]) return invalid;
  const facts = [`${type} private key (PuTTY)`, openSshFingerprint(publicBlob)];
  return encryption === "none"
    ? valid(facts)
    : { status: "valid", facts: [...facts, "encrypted with a passphrase"], lower: true };
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
