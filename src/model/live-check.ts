/** Ways of signing a request with the value, which no template can say: standards, and those that one issuer documents, by its name. */
export const signatures = [
  ...["http-digest", "jwt-bearer", "jwt-hs256", "oauth1"],
  ...["acs3-hmac-sha256", "akamai-edgegrid", "aws-sigv4", "azure-cosmos-key", "azure-hmac-sha256", "azure-shared-key"],
  ...["bitfinex", "bitmex", "cdp-jwt", "duo", "exoscale-v2", "gemini", "kraken", "kucoin", "ovh", "poloniex"],
  ...["pusher", "tc3-hmac-sha256", "volcengine-v4"],
];

/**
 * One request to the issuer of a token, and what its answers mean (rules/live-check.ts). Texts are templates: `{{value}}`, `{{capture.N}}`,
 * `{{user}}`, `{{id}}`, `{{account}}`, `{{host}}`, `{{part.RULE}}`; the values of other rules are those that stand beside it.
 */
export interface LiveCheck {
  /** RE2 syntax that a value matches of which it is asked: an issuer has other hosts or ways for other kinds. */
  readonly when?: string;
  readonly method: "GET" | "POST" | "PUT" | "HEAD";
  /** `https://`, and a host that no template touches, unless `host` is there. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `user:password` of HTTP Basic authorization. */
  readonly basic?: string;
  /** In the form that the header `content-type` names; values are escaped for it. */
  readonly body?: string;
  /** What the request is signed with the value by. */
  readonly sign?: string;
  /** The id of the key that it is signed with, where it stands in another value. */
  readonly keyId?: string;
  /** Statuses of answers by which the value works, and RE2 syntax that their bodies match as well. */
  readonly valid: readonly number[];
  readonly validBody?: string;
  /** The same for a value that does not work. Any other answer says nothing. */
  readonly invalid: readonly number[];
  readonly invalidBody?: string;
  readonly host?: LiveHost;
}

/** A host that each customer of an issuer has for himself: where it is taken from (else an entry beside the value), and the domains in which it has to lie. */
export interface LiveHost {
  /** A group of the rule's regex. */
  readonly capture?: number;
  /** A rule: the value of it that stands beside. */
  readonly part?: string;
  /** What is taken is a label (letters, digits, hyphens) before the only domain of `under`. */
  readonly isLabel?: boolean;
  readonly under: readonly string[];
}

/** Why a rule has no live check, as rules say it, and in words for people. */
export const noLiveReasons = {
  offline: "there is nobody to ask, or the value does not tell whom",
  "customer-host": "each customer of its issuer has a host, and the value does not tell which",
  protocol: "what it opens has a protocol of its own, and no request by HTTPS",
  incomplete: "it works with other values alone, which no rule finds beside it",
  identifier: "it opens nothing by itself; the secret that it goes with is what is asked about",
  harmful: "each documented request does something: sends, spends, changes",
  undocumented: "its issuer documents no request that would tell",
  ended: "its issuer has ended the service",
} as const;

export type NoLiveReason = keyof typeof noLiveReasons;
