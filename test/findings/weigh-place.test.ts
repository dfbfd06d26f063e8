import { describe, expect, it } from "vitest";
import { passes, weigh } from "../../src/model/score.ts";
import { weighPlace } from "../../src/findings/weigh-place.ts";
import { detection, fileOrigin, rule } from "./samples.ts";

const generic = rule({ id: "generic-key", kind: "generic" });
const publicKey = `${Buffer.alloc(32, "place").toString("base64")}`;

function isKept(key: string, secret = publicKey): boolean {
  const { parts } = weighPlace(generic, detection(secret, { key }), fileOrigin("vars/main.yml"));
  return passes(weigh(parts).bits);
}

describe("32 bytes in base64 under the `key` of a peer are public", () => {
  it.each(["peers[0].key", "wireguard_peers[2].key", "vpn.peers.phone.key"])("%s", (key) => {
    expect(isKept(key)).toBe(false);
  });

  it.each(["api.encryption.key", "peers[0].presharedKey", "keepers[0].key"])("but not %s", (key) => {
    expect(isKept(key)).toBe(true);
  });

  it("nor what has another length", () => {
    expect(isKept("peers[0].key", Buffer.alloc(24, "place").toString("base64"))).toBe(true);
  });
});

describe("words beside the name of an account", () => {
  const account = rule({ id: "account-password", kind: "context", tags: ["account"] });
  const isKeptIn = (path: string, secret: string): boolean =>
    passes(weigh(weighPlace(account, detection(secret, { key: "password" }), fileOrigin(path)).parts).bits + 1);

  it("are prose where languages lie, but for those with a digit", () => {
    expect(isKeptIn("app/settings.json", "adgangskode")).toBe(true);
    expect(isKeptIn("ui/assets/locale/da_DK.json", "adgangskode")).toBe(false);
    expect(isKeptIn("ui/assets/locale/da_DK.json", "adgangskode7")).toBe(true);
  });
});

describe("the token of a page", () => {
  const token = "0f".repeat(16);
  const isKeptIn = (path: string, line: string): boolean =>
    passes(weigh(weighPlace(generic, { ...detection(token), line }, fileOrigin(path)).parts).bits);

  it("is none in a page that was saved, and stays one in a program", () => {
    expect(isKeptIn("shop/index.html", `var priceDisplay = 1; var token = '${token}';`)).toBe(false);
    expect(isKeptIn("shop/app.js", `var token = '${token}';`)).toBe(true);
    expect(isKeptIn("shop/index.html", `var apiToken = '${token}';`)).toBe(true);
  });
});
