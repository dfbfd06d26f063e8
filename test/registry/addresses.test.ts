import { expect, test } from "vitest";
import { readWhole } from "../../src/content/read-whole.ts";
import { mayBeSentTo } from "../../src/registry/addresses.ts";

test("a registry sends nobody to what clouds tell their machines, nor to another machine's own services", async () => {
  const asked = async (isOwn: boolean, hosts: readonly string[]): Promise<boolean[]> =>
    Promise.all(hosts.map((host) => mayBeSentTo(host, isOwn)));
  const services = ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.1.1]", "0.0.0.0", "[::]"];
  expect(await asked(true, services)).toEqual(services.map(() => false));
  const own = ["127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "localhost"];
  expect(await asked(true, own)).toEqual(own.map(() => true));
  expect(await asked(false, own)).toEqual(own.map(() => false));
  expect(await asked(false, ["10.0.0.7", "8.8.8.8", "[2606:4700::1111]"])).toEqual([true, true, true]);
});

test("a small document that comes by the byte is not waited for without end", async () => {
  async function* drip(): AsyncGenerator<Uint8Array, void> {
    for (;;) yield Buffer.from(" ");
  }
  await expect(readWhole(drip(), 1 << 30, -1)).rejects.toThrow("too slowly");
  expect(await readWhole(drip(), 10)).toBeUndefined();
});
