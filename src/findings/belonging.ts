import { createHmac } from "node:crypto";
import type { PublicKey } from "../model/detection.ts";
import { append } from "../model/multimap.ts";
import { PublicKeys } from "../model/public-keys.ts";

/** So many certificates and public keys are named for one private key. */
const mostNamed = 5;

/** What findings tell of each other, and of public keys in the same scan. */
export class Belongings {
  readonly #keys = new PublicKeys();
  #byHalf: Map<string, PublicKey[]> | undefined;
  /** Values with a public half, by that. */
  readonly #holders = new Map<string, string[]>();
  #pairs: ReadonlyMap<string, readonly string[]> = new Map();

  /** Hears of a value that is a private key. */
  hold(publicHalf: string, value: string): void {
    append(this.#holders, publicHalf, value);
  }

  /** Hears of public keys. Gives the values to which one of them may belong. */
  add(keys: readonly PublicKey[]): readonly string[] {
    this.#keys.add(keys);
    this.#byHalf = undefined;
    return keys.flatMap(({ publicHalf }) => this.#holders.get(publicHalf) ?? []);
  }

  /** Looks for values that were made of each other. Gives those of which something else is to be told now. */
  pair(values: readonly { readonly value: string; readonly secret: string }[]): readonly string[] {
    const before = this.#pairs;
    const [byKey, byPassword] = [new Map<string, string>(), new Map<string, string>()];
    for (const { value, secret } of values) {
      if (/^[0-9A-Za-z+/]{40}$/.test(secret)) byKey.set(secret, value);
      else if (/^B[0-9A-Za-z+/]{43}$/.test(secret)) byPassword.set(secret, value);
    }
    const pairs = new Map<string, string[]>();
    for (const { secretKey, password, region } of smtpPairs([...byKey.keys()], new Set(byPassword.keys()))) {
      append(pairs, byKey.get(secretKey)!, `its SMTP password for ${region} is in this scan, too`);
      append(pairs, byPassword.get(password)!, `made of a secret access key of this scan, for ${region}`);
    }
    this.#pairs = pairs;
    return [...new Set([...before.keys(), ...pairs.keys()])];
  }

  /** Facts for people. */
  factsOf(value: string, publicHalf: string | undefined): readonly string[] {
    return [...(this.#pairs.get(value) ?? []), ...(publicHalf === undefined ? [] : this.#ownersOf(publicHalf))];
  }

  #ownersOf(publicHalf: string): readonly string[] {
    if (this.#byHalf === undefined) {
      this.#byHalf = new Map();
      for (const key of this.#keys.list()) append(this.#byHalf, key.publicHalf, key);
    }
    const facts = (this.#byHalf.get(publicHalf) ?? []).map(({ fact }) => `belongs to ${fact}`).sort();
    const more = facts.length - mostNamed;
    return more <= 0 ? facts : [...facts.slice(0, mostNamed), `belongs to ${more} more of these`];
  }
}

/** Regions in which SES takes mail over SMTP (AWS General Reference). */
const SES_REGIONS: readonly string[] = (
  "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-south-1 ap-south-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 " +
  "ap-southeast-3 ap-southeast-5 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 eu-west-3 eu-north-1 eu-south-1 eu-south-2 " +
  "il-central-1 me-south-1 me-central-1 sa-east-1 us-gov-east-1 us-gov-west-1"
).split(" ");

/** Each key is tried in all regions, which takes a third of a millisecond. */
const mostSecretKeys = 1_000;

/** The version byte of the passwords of today. */
const smtpVersion = 4;

/**
 * Which SMTP passwords of Amazon SES were made of which secret keys: pairs of the two, and the region. The password is a chain of HMACs over the region, and so proves its key
 * (AWS: obtaining SES SMTP credentials by converting existing AWS credentials).
 */
function smtpPairs(
  secretKeys: readonly string[],
  passwords: ReadonlySet<string>,
): readonly { readonly secretKey: string; readonly password: string; readonly region: string }[] {
  if (passwords.size === 0) return [];
  return secretKeys
    .toSorted()
    .slice(0, mostSecretKeys)
    .flatMap((secretKey) =>
      SES_REGIONS.map((region) => ({ secretKey, region, password: smtpPassword(secretKey, region) })),
    )
    .filter(({ password }) => passwords.has(password));
}

/** The SMTP password that SES makes of a secret key. */
export function smtpPassword(secretKey: string, region: string): string {
  let signature: Uint8Array = Buffer.from(`AWS4${secretKey}`);
  for (const text of ["11111111", region, "ses", "aws4_request", "SendRawEmail"])
    signature = createHmac("sha256", signature).update(text).digest();
  return Buffer.concat([Buffer.from([smtpVersion]), signature]).toString("base64");
}
