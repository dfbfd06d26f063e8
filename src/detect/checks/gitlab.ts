import { type Check, invalid, unknown } from "./check.ts";
import { gitlabChecksum } from "./crc-suffix.ts";

/** GitLab handbook, "routable tokens": prefix, payload, optional version, length (2 base36 digits), CRC (7 base36 digits). */
const ROUTABLE = /^([A-Za-z][A-Za-z0-9_-]*?-(?:t\d_)?)([0-9A-Za-z_-]{27,300})((?:\.01)?)\.([0-9a-z]{2})([0-9a-z]{7})$/;

const FIELDS: Readonly<Record<string, string>> = { c: "cell", o: "organization", u: "user", p: "project", g: "group" };

/** GitLab tokens of the routable kind. Legacy tokens (`glpat-` and 20 characters) carry no checksum: unknown. */
export const gitlabRoutable: Check = (secret) => {
  const parts = ROUTABLE.exec(secret);
  if (parts === null) return unknown;
  const checksum = parts[5] ?? "";
  if (gitlabChecksum(secret.slice(0, -checksum.length)) !== checksum) return invalid;
  // The runner mark `t1_` or a hyphen of the prefix can be read as part of the payload: the stored length settles where it starts.
  const body = secret.slice(0, -(checksum.length + 3 + (parts[3] ?? "").length));
  const payload = body.slice(-parseInt(parts[4] ?? "", 36));
  return { status: "valid", facts: ["checksum valid", ...routes(payload)] };
};

function routes(payload: string): string[] {
  const bytes = Buffer.from(payload, "base64url");
  const randomBytes = bytes[bytes.length - 1] ?? 0;
  if (randomBytes >= bytes.length) return [];
  const facts: string[] = [];
  for (const line of bytes
    .subarray(0, bytes.length - 1 - randomBytes)
    .toString("latin1")
    .split("\n")) {
    const field = /^([coupg]):([0-9a-z]{1,12})$/.exec(line);
    const name = FIELDS[field?.[1] ?? ""];
    if (name !== undefined) facts.push(`${name} ${parseInt(field?.[2] ?? "", 36)}`);
  }
  return facts;
}
