import { expect, test } from "vitest";
import { Watch } from "../../src/remote/watch.ts";

const bounds = { maxBytes: 100, silentMs: 10, fruitlessMs: 50 };

test("a transfer may take any time while it grows", () => {
  let now = 0;
  const watch = new Watch(bounds, () => now);
  for (let bytes = 0; bytes <= 100; bytes++, now += 9) expect(watch.look(bytes)).toBeUndefined();
  expect(watch.look(101)).toBe("too-large");
});

test("silence ends it, and so do words without bytes", () => {
  let now = 0;
  const watch = new Watch(bounds, () => now);
  watch.look(1);
  now = 11;
  expect(watch.look(1)).toBe("silent");
  for (; now < 50; now++) watch.hear();
  expect(watch.look(1)).toBeUndefined();
  now = 51;
  expect(watch.look(1)).toBe("fruitless");
});
