import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isPublished, publishedHash } from "../../../src/detect/judge/published.ts";

describe("values of released software", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

  test("a private key is one thing in every form it is kept in", () => {
    const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString();
    const escaped = pkcs8.replaceAll("\n", "\\n");
    const quoted = pkcs8
      .trim()
      .split("\n")
      .map((line) => `"${line}\\n"`)
      .join(" +\n  ");
    const bare = pkcs8.replaceAll(/-----[^-]+-----|\s/g, "");
    for (const form of [sec1, escaped, quoted, bare]) expect(publishedHash(form)).toBe(publishedHash(pkcs8));
  });

  test("another key has another hash, and a fresh one is not on the list", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    expect(publishedHash(other.export({ type: "pkcs8", format: "pem" }).toString())).not.toBe(publishedHash(pkcs8));
    expect(isPublished(pkcs8)).toBe(false);
  });

  test("the example of RFC 6749 is on it", () => {
    expect(isPublished(["2YotnFZFEjr1", "zCsicMWpAA"].join(""))).toBe(true);
  });
});
