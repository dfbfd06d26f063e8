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
