import { createHmac } from "node:crypto";
import { decodeBase64Json } from "./base64.ts";
import { type Check, type CheckResult, expiryFact, factText, invalid, unknown } from "./check.ts";

/** The two JSON parts of a compact JWT. */
export interface JwtParts {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
  /** False for `alg: none` and for an empty third part. */
  readonly signed: boolean;
}

/** Reads header and payload of a compact JWS (RFC 7515 section 3.1); undefined when either is no JSON object or the header names no algorithm. */
export function readJwt(token: string): JwtParts | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const header = decodeBase64Json(parts[0] ?? "");
  const payload = decodeBase64Json(parts[1] ?? "");
  if (header === undefined || payload === undefined || typeof header["alg"] !== "string") return undefined;
  return { header, payload, signed: (parts[2] ?? "") !== "" && header["alg"].toLowerCase() !== "none" };
}

/** A well-formed JSON Web Token: who issued it and when it ends. A signature cannot be proved without its key. */
export const jwt: Check = (secret, options) => {
  const parts = secret.split(".");
  if (parts.length === 5) return encrypted(parts[0] ?? "");
  const token = readJwt(secret);
  if (token === undefined) {
    if (parts.length !== 3) return unknown;
    return isUnread(parts) ? unread : invalid;
  }
  const { payload } = token;
  const facts: string[] = [];
  const issuer = factText(payload["iss"]);
  if (issuer !== "") facts.push(`issuer ${issuer}`);
  const role = factText(payload["role"]);
  if (role !== "") facts.push(`role ${role}`);
  const ends = payload["exp"];
  // RFC 7519 section 4.1.4: seconds since 1970.
  if (typeof ends === "number") facts.push(expiryFact(ends * 1000, options));
  if (isAnonymous(payload)) facts.push(ANONYMOUS_TOKEN);
  if (!token.signed) return { status: "invalid", facts: [...facts, "unsigned (alg none)"], lower: true };
  if (hasPublicSecret(secret, token.header["alg"])) facts.push("signed with a published sample secret");
  const isPast = typeof ends === "number" && options.now !== undefined && ends * 1000 < options.now;
  return isPast ? { status: "valid", facts, lower: true } : { status: "valid", facts };
};

/** What the check of a token says where it belongs to a visitor who has not logged in: servers hand it to everybody. */
export const ANONYMOUS_TOKEN = "given to a visitor who is not logged in";

/** buildbot writes `"user_info": {"anonymous": true}` into the sessions of all visitors. */
function isAnonymous(payload: Readonly<Record<string, unknown>>): boolean {
  const user = payload["user_info"] ?? payload["user"] ?? payload;
  return typeof user === "object" && user !== null && "anonymous" in user && user.anonymous === true;
}

/** The form without the content: an altered token, one with claims that are no JSON, or a service's own token in that form. */
const unread: CheckResult = { status: "unknown", facts: ["header or claims cannot be read"], lower: true };

/** Shorter parts, and parts without digits and letters of both cases, are words that somebody wrote: `eyJhbGciOiJIUzI1NiJ9.eyJpayload.signature`. */
const DRAWN = [/^.{20}/, /[0-9]/, /[A-Z].*[A-Z]/, /[a-z].*[a-z]/];

/** Whether header and claims both begin as JSON objects do, and what follows is drawn. */
function isUnread([header = "", claims = "", signature = ""]: readonly string[]): boolean {
  if (!header.startsWith("ey") || !claims.startsWith("ey")) return false;
  return [claims, signature].every((part) => DRAWN.every((pattern) => pattern.test(part)));
}

/** Secrets of tutorials and of the debugger at jwt.io: whoever signs with one of them lets everybody sign. */
const PUBLIC_SECRETS: readonly string[] = (
  "secret your-256-bit-secret your-384-bit-secret your-512-bit-secret a-string-secret-at-least-256-bits-long changeme password test key mysecret my-secret " +
  "secretkey secret-key supersecret jwt-secret jwtsecret jwt_secret super-secret-jwt-token-with-at-least-32-characters-long"
).split(" ");

function hasPublicSecret(token: string, algorithm: unknown): boolean {
  const bits = typeof algorithm === "string" ? /^HS(256|384|512)$/.exec(algorithm)?.[1] : undefined;
  if (bits === undefined) return false;
  const end = token.lastIndexOf(".");
  const signature = token.slice(end + 1);
  return PUBLIC_SECRETS.some(
    (secret) => createHmac(`sha${bits}`, secret).update(token.slice(0, end)).digest("base64url") === signature,
  );
}

/** Five parts are a JWE (RFC 7516): the content cannot be read without the key, but the token can still be a session. */
function encrypted(header: string): CheckResult {
  return decodeBase64Json(header)?.["enc"] === undefined
    ? invalid
    : { status: "valid", facts: ["encrypted token (JWE)"], lower: true };
}
