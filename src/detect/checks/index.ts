/**
 * Offline proofs: what a value says about itself without asking anybody. Pure and synchronous; nothing here reads files or the network.
 * A rule names its check (`check = "github-crc32"`); the judge asks for it.
 */
import { awsKeyId } from "./aws.ts";
import { azureAnnotated, azureDevOpsPat, azureMarvin, entraSecret } from "./azure.ts";
import { base58Check } from "./base58.ts";
import { bech32 } from "./bech32.ts";
import { bip39 } from "./bip39.ts";
import { type Check, type CheckOptions, type CheckResult, unknown } from "./check.ts";
import {
  atlassianDataCenter,
  bedrockLongKey,
  bedrockShortKey,
  caskKey,
  cloudflareTunnel,
  intercomToken,
  jfrogReference,
  mapboxToken,
  ngrokKey,
  openShiftToken,
  postmanKey,
  sasToken,
  stripeKey,
  telegramBot,
  tinybirdToken,
  upcloudToken,
  workosKey,
} from "./decoding-tokens.ts";
import { natsSeed, stellarSeed } from "./crc16.ts";
import { publicKey } from "./certificate.ts";
import { crcChecks } from "./crc-suffix.ts";
import { flyMacaroon } from "./fly-macaroon.ts";
import { githubFineGrained } from "./github-fine-grained.ts";
import { gitlabRoutable } from "./gitlab.ts";
import { bareKey, encodedKey, jsonWebKey, labelledKey, minisignKey, serviceAccountKey, xmlKey } from "./json-key.ts";
import { jwt } from "./jwt.ts";
import { privateKey } from "./private-key.ts";
import { ciscoType7, groupPolicyPassword, secp256k1Key, solanaKey, websphereXor, wireguardKey } from "./raw-keys.ts";
import { basicAuth, discordId, grafanaJson, onePasswordJson, pypiMacaroon, sentryJson } from "./token-bodies.ts";

export type { CheckOptions, CheckResult } from "./check.ts";

const checks: ReadonlyMap<string, Check> = new Map(
  Object.entries({
    ...crcChecks,
    "github-fine-grained": githubFineGrained,
    "gitlab-routable": gitlabRoutable,
    "azure-marvin": azureMarvin,
    "azure-annotated": azureAnnotated,
    "entra-secret": entraSecret,
    "azdo-pat": azureDevOpsPat,
    "nats-crc16": natsSeed,
    "stellar-crc16": stellarSeed,
    bech32,
    base58check: base58Check,
    jwt,
    "aws-akid": awsKeyId,
    "pypi-macaroon": pypiMacaroon,
    "sentry-json": sentryJson,
    "grafana-json": grafanaJson,
    "onepassword-json": onePasswordJson,
    "discord-id": discordId,
    "private-key": privateKey,
    "public-key": publicKey,
    "json-web-key": jsonWebKey,
    "xml-key": xmlKey,
    "encoded-key": encodedKey,
    "bare-key": bareKey,
    "service-account": serviceAccountKey,
    "labelled-key": labelledKey,
    minisign: minisignKey,
    "fly-macaroon": flyMacaroon,
    "ngrok-ksuid": ngrokKey,
    "stripe-account": stripeKey,
    bip39,
    "basic-auth": basicAuth,
    "atlassian-dc": atlassianDataCenter,
    "bedrock-long": bedrockLongKey,
    "bedrock-short": bedrockShortKey,
    cask: caskKey,
    "cloudflare-tunnel": cloudflareTunnel,
    "intercom-tok": intercomToken,
    "jfrog-reference": jfrogReference,
    "mapbox-json": mapboxToken,
    "openshift-name": openShiftToken,
    "postman-time": postmanKey,
    "sas-query": sasToken,
    "telegram-id": telegramBot,
    "tinybird-json": tinybirdToken,
    "upcloud-ulid": upcloudToken,
    "workos-id": workosKey,
    "wireguard-clamp": wireguardKey,
    "solana-pair": solanaKey,
    "secp256k1-range": secp256k1Key,
    "cisco-type7": ciscoType7,
    "websphere-xor": websphereXor,
    "gpp-cpassword": groupPolicyPassword,
  }),
);

/** Names that a rule may use as its `check`, sorted. */
export const checkNames: readonly string[] = [...checks.keys()].sort();

/** Longest value that is looked into; longer ones are unknown. A private key of 16,384 bits has 13,000 characters. */
const MAX_CHECKED_LENGTH = 32_768;

/**
 * Runs one offline proof.
 * @param name one of `checkNames`; any other gives `unknown`
 * @param secret the value, as the rule captured it
 * @returns never throws: whatever the value, the answer is a result
 */
export function runCheck(name: string, secret: string, options: CheckOptions = {}): CheckResult {
  const check = checks.get(name);
  return check === undefined || secret.length > MAX_CHECKED_LENGTH ? unknown : check(secret, options);
}
