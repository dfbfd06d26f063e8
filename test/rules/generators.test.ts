import { createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { runCheck } from "../../src/detect/checks/index.ts";
import { generateToken, generatorNames } from "../../src/rules/generators.ts";
import { createRandom } from "../../src/rules/random.ts";

/** Checks of which the generator has the same name, and what else it can be told. */
const proved: readonly (readonly [check: string, generator: string, ...options: string[]])[] = [
  ["github-crc32", "github-pat"],
  ["github-crc32", "github-oauth"],
  ["github-crc32", "github-user"],
  ["github-crc32", "github-server"],
  ["github-crc32", "github-refresh"],
  ["github-fine-grained", "github-fine-grained"],
  ["npm-crc32", "npm"],
  ["gitlab-routable", "gitlab-routable"],
  ["gitlab-routable", "gitlab-routable", "gldt-"],
  ["grafana-crc32", "grafana-crc32"],
  ["cloudflare-crc32", "cloudflare-crc32"],
  ["atlassian-crc32", "atlassian-crc32"],
  ["atlassian-crc32", "atlassian-crc32", "ATCTT3xFfGN0"],
  ["atlassian-crc32", "bitbucket-crc32"],
  ["confluent-crc32", "confluent-crc32"],
  ["azure-marvin", "azure-marvin"],
  ...[
    "storage",
    "cosmos",
    "batch",
    "apim",
    "ml",
    "function",
    "search",
    "acr",
    "redis",
    "servicebus",
    "eventhub",
    "relay",
    "iot",
    "eventgrid",
  ].map((kind) => ["azure-marvin", "azure-marvin", kind] as const),
  ["azure-annotated", "azure-annotated"],
  ["azure-annotated", "azure-annotated", "AZDO", "AAAA"],
  ["entra-secret", "entra-secret"],
  ["azdo-pat", "azdo-pat"],
  ["nats-crc16", "nats-crc16"],
  ["nats-crc16", "nats-crc16", "O"],
  ["stellar-crc16", "stellar-crc16"],
  ["bech32", "age"],
  ["bech32", "nostr"],
  ["base58check", "wif"],
  ["base58check", "wif-uncompressed"],
  ["base58check", "xprv"],
  ["base58check", "xrp-seed"],
  ["jwt", "jwt"],
  ["pypi-macaroon", "pypi-macaroon"],
  ["fly-macaroon", "fly-macaroon"],
  ["public-key", "pem-certificate"],
  ["public-key", "pem-public"],
  ["public-key", "ssh-ed25519"],
  ["sentry-json", "sentry-json"],
  ["grafana-json", "grafana-json"],
  ["onepassword-json", "onepassword-json"],
  ["discord-id", "discord-id"],
  ["vercel-crc32", "vercel-crc32"],
  ["deno-crc32", "deno-crc32"],
  ["wandb-crc32", "wandb-crc32"],
  ["apify-crc32", "apify-crc32"],
  ["packagist-crc32", "packagist-crc32"],
  ["canva-crc32", "canva-crc32"],
  ["zuplo-crc32", "zuplo-crc32"],
  ["polar-crc32", "polar-crc32"],
  ["salad-crc32", "salad-crc32"],
];

describe("generated tokens", () => {
  test.each(proved.map((one) => [one.join(" "), one] as const))(
    "%s: the proof of detect holds for them",
    (_label, [check, generator, ...options]) => {
      for (let seed = 0; seed < 20; seed++) {
        const token = generateToken(generator, createRandom(seed), options) ?? "";
        expect(runCheck(check, token).status, `seed ${seed}, length ${token.length}`).toBe("valid");
      }
    },
  );

  test("key ids of AWS tell their account", () => {
    const { facts, status } = runCheck("aws-akid", generateToken("aws-akid", createRandom(1)) ?? "");
    expect(status).not.toBe("invalid");
    expect(facts.join()).toMatch(/\b\d{12}\b/);
  });

  test("the same seed gives the same token, another seed another", () => {
    for (const name of generatorNames()) {
      const made = ["x", "x", "y", "z", "u"].map((seed) => generateToken(name, createRandom(seed)));
      expect(made[0], name).toBe(made[1]);
      expect(new Set(made).size, name).toBeGreaterThan(1);
    }
  });

  test.each(["pem-rsa", "pem-ec", "pem-pkcs8", "pem-pkcs8-ec", "pem-pkcs8-ed25519"])(
    "%s can be loaded as a private key",
    (name) => {
      expect(createPrivateKey(generateToken(name, createRandom(1)) ?? "").type).toBe("private");
    },
  );

  test.each([
    "pem-rsa",
    "pem-ec",
    "pem-dsa",
    "pem-pkcs8",
    "pem-openssh",
    "pem-encrypted",
    "pem-encrypted-legacy",
    "pem-openssh-encrypted",
    "pgp-private",
    "ppk",
  ])("%s is a key to the check of private keys", (name) => {
    expect(runCheck("private-key", generateToken(name, createRandom(1)) ?? "").status).toBe("valid");
  });

  test.each(["pem-encrypted", "pem-encrypted-legacy"])("%s opens with its passphrase", (name) => {
    const key = generateToken(name, createRandom(1)) ?? "";
    expect(createPrivateKey({ key, passphrase: ["correct", "horse"].join("-") }).asymmetricKeyType).toBe("rsa");
    expect(() => createPrivateKey({ key, passphrase: "other" })).toThrow();
  });

  test.each(["jwk-rsa", "jwk-ec"])("%s is a private JSON web key", (name) => {
    const key: unknown = JSON.parse(generateToken(name, createRandom(1)) ?? "");
    expect(key).toMatchObject({ d: expect.any(String) });
  });

  test("a name that nobody knows is nothing", () => {
    expect(generateToken("no-such-kind", createRandom(1))).toBeUndefined();
  });
});
