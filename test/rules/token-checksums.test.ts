import { describe, expect, test } from "vitest";
import { crc32 } from "node:zlib";
import {
  base32,
  base36,
  base58Check,
  base62LowerFirst,
  bech32,
  crc16,
  crc32Base62,
  crc32Hex,
  digits,
  littleEndian,
  marvin32,
  sha256,
} from "../../src/rules/token-checksums.ts";

/** Synthetic vectors, in pieces; none was ever issued. */
describe("checksums of tokens", () => {
  test.each([
    ["GitHub", "yLL1chHhcAMDgmQf9CvmhUzQu2Ynr6", "1nUoLR"],
    ["GitHub, padded with zeros", "3Y3sOZUCM0TL2jJMrVRjlLObjGPIv7", "00hpVJ"],
    ["npm", "FNJk0NqhKs6SHRZo7lPSsojLQe0KT4", "2ekcbx"],
    ["SaladCloud", "wXr2xjhlItVgAQux1uONsxGDrkhPiauCj6s4JO96", "4BM7p7"],
  ])("CRC-32 of the body in base 62: %s", (_name, body, checksum) => {
    expect(crc32Base62(body)).toBe(checksum);
  });

  test("CRC-32 of prefix and body", () => {
    expect(crc32Base62(["ddp_", "x6Y2HAP2gj8O55x3NT7Zowz44FVKVA"].join(""))).toBe("0K8g3j");
    expect(crc32Base62(["apify_api_", "FymNL882OmxMp68B9fDjQZJNqzt8Bh"].join(""), base62LowerFirst)).toBe("3SEZwv");
    expect(crc32Hex(["cnvca", "yopy_BJgPej2CHdibvOfOW0mwAaB9Lq6UciI7x7YH4W"].join(""))).toBe("dc9912e9");
    expect(crc32Hex("xxexYX80fcTbjPhUVT57DsgAKK1vm2wGWS4V3z5b")).toBe("6cbcab55");
  });

  test("little-endian forms: Grafana in hex, Confluent in base64", () => {
    expect(littleEndian(crc32(["glsa_", "goQjIPxh03MkA9PunLGSJPzhrEZCVnHJ"].join(""))).toString("hex")).toBe(
      "1ec00bd1",
    );
    const body = "kLZ9dLS+zxRFFkqwOIrjXJcWMNGyQjet1RR9a63W4P9/MURTEnQrW+";
    expect(littleEndian(crc32(body)).toString("base64").slice(0, 6)).toBe("PzQULg");
  });

  test("GitLab's routable tokens in base 36", () => {
    const text = ["glpat-", "bzoxCnU6MnOdltnVsa3dfn5hGaI7HltfEA", ".01.", digits(34, base36, 2)].join("");
    expect(digits(crc32(text), base36, 7)).toBe("1fp3z9k");
  });

  test("GitHub's fine-grained tokens: SHA-256 in base32", () => {
    const text = ["github_pat_", "11AAJNNBY0UvmxAAeZycpE", "_X5nuxiBgTk2yJmbkQ84C858jc2YUlhJSKFcHYxWQGxD"].join("");
    expect(base32(sha256(text)).slice(0, 8)).toBe("TUBJL7LH");
    expect(base32(Buffer.from([0, 0x12, 0xd6, 0x87]))).toBe("AAJNNBY");
  });

  test("Marvin32", () => {
    expect(marvin32(Buffer.from(""), "Default0")).toBe(0xcfd9b134);
    expect(marvin32(Buffer.from("abc"), "Default0")).toBe(0x1a4c888e);
    expect(marvin32(Buffer.from("Synthetic test data!"), "Default0")).toBe(0xd77be8d7);
  });

  test("CRC-16/XMODEM and bech32", () => {
    expect(crc16(Buffer.from("123456789"))).toBe(0x31c3);
    const parts = ["age-secret-key-", "1", "pqvhyztnj27l9sxz0k02hjdqemt2wuf06dr9syl3zk7t7n52a7ks", "70zpqt"];
    const values = Array.from(parts[2] ?? "", (char) => "qpzry9x8gf2tvdw0s3jn54khce6mua7l".indexOf(char));
    const bits = values.map((value) => value.toString(2).padStart(5, "0")).join("");
    const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
    expect(bech32("age-secret-key-", bytes)).toBe(parts.join(""));
  });

  test("base58check keeps leading zeros as ones", () => {
    // The address of a hash of zeros: version 0 and twenty zero bytes.
    expect(base58Check(new Uint8Array(21))).toBe(["1111111111111111111114", "oLvT2"].join(""));
  });
});
