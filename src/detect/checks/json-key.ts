/** Private keys inside of other texts: JSON Web Keys, .NET's XML, service accounts of Google, keys under labels of their own. */
import { decodeBase64 } from "./base64.ts";
import { factText, type Check, type CheckResult, invalid, unknown } from "./check.ts";
import { derBits } from "./der.ts";
import { privateKey, readDerPrivateKey } from "./private-key.ts";
import { rawHalf, rsaHalf, scalarHalf } from "./public-half.ts";

/** A private JSON Web Key (RFC 7518, 6; RFC 8037): the value is its `d`; kind and public numbers stand beside it. */
export const jsonWebKey: Check = (secret, { match = "" }) => {
  const member = (name: string): string => new RegExp(`"${name}"\\s*:\\s*"([\\w-]{1,2000})"`).exec(match)?.[1] ?? "";
  const d = bytesOf(secret);
  if (member("kty") === "RSA") return rsaFacts(bytesOf(member("n")), bytesOf(member("e")));
  const curve = member("crv");
  if (curve === "") return unknown;
  const x = bytesOf(member("x"));
  const half = member("kty") === "EC" ? scalarHalf(curve, d) : x.length === 0 ? undefined : rawHalf(curve, x);
  return {
    status: "unknown",
    facts: [`${member("kty")} private key, ${factText(curve)}`],
    ...(half === undefined ? {} : { publicHalf: half }),
  };
};

/** `<RSAKeyValue>` of .NET: the numbers of a key in base64. */
export const xmlKey: Check = (_secret, { match = "" }) => {
  const number = (name: string): Buffer =>
    Buffer.from(new RegExp(`<${name}>\\s*([\\w+/=\\s]{1,4000})</${name}>`).exec(match)?.[1] ?? "", "base64");
  return rsaFacts(number("Modulus"), number("Exponent"));
};

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64url");
}

function rsaFacts(n: Buffer, e: Buffer): CheckResult {
  const bits = derBits(n);
  if (bits === 0 || e.length === 0) return { status: "unknown", facts: ["RSA private key"] };
  return { status: "unknown", facts: [`RSA private key, ${bits} bits`], publicHalf: rsaHalf(n, e) };
}

/** A service account key of Google Cloud: whose it is, beside what its private key tells. One whose body does not parse is none that is proved. */
export const serviceAccountKey: Check = (secret, options) => {
  const { match = "" } = options;
  const about = ["project_id", "private_key_id", "client_email"].flatMap((name): readonly string[] => {
    const text = factText(new RegExp(`"${name}"\\s*:\\s*"([\\w.@:-]{1,120})"`).exec(match)?.[1]);
    return text === "" ? [] : [`${name.replaceAll("_", " ").replace("private key", "key")} ${text}`];
  });
  const key = privateKey(secret, options);
  return key.status === "valid" ? { ...key, facts: [...about, ...key.facts] } : { status: "unknown", facts: about };
};

/** A private key in base64, as kubeconfig files hold it. One whose body does not parse is none that is proved. */
export const encodedKey: Check = (secret, options) => {
  const key = privateKey(decodeBase64(secret)?.toString("latin1") ?? "", options);
  return key.status === "valid" ? key : unknown;
};

/** A private key in DER, in base64 without armour, as settings of Java and PHP hold it. */
export const bareKey: Check = (secret) => {
  const bytes = decodeBase64(secret);
  return bytes === undefined ? invalid : readDerPrivateKey(bytes);
};

/** Labels of PEM that tell the kind of a key, and that there is no more to tell; the size is that of the body where it is bare. */
export const labelledKey: Check = (secret, { match = "" }) => {
  const label = /BEGIN ([A-Z0-9 -]{2,40}?) ?PRIVATE KEY/.exec(match)?.[1];
  if (label === undefined) return unknown;
  const isSealed = label.includes("ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(match);
  const bytes = Buffer.from(secret.replace(/^[^\n:]*: [^\n]*$/gm, ""), "base64").length;
  return {
    status: "unknown",
    facts: [`${factText(label)} private key`, isSealed ? "encrypted with a passphrase" : `${bytes} bytes`],
  };
};

/** minisign and signify: two bytes each of algorithm, key derivation and checksum; zeros where no password protects it. */
export const minisignKey: Check = (secret) => {
  const bytes = Buffer.from(secret, "base64");
  if (bytes.length < 8 || bytes.subarray(0, 2).toString("latin1") !== "Ed") return unknown;
  // signify: `BK` and a number of rounds.
  const isSignify = bytes.subarray(2, 4).toString("latin1") === "BK";
  const rounds = isSignify ? bytes.readUInt32BE(4) : bytes.readUInt16BE(2);
  const facts = [`Ed25519 private key of ${isSignify ? "signify" : "minisign"}`];
  if (rounds === 0) return { status: "unknown", facts: [...facts, "not encrypted"] };
  const scheme = isSignify ? `bcrypt with ${rounds} rounds` : "scrypt";
  return { status: "unknown", facts: [...facts, "encrypted with a passphrase", `cipher ${scheme}`] };
};
