import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { FetchedFiles } from "../../src/content/fetched-files.ts";

test("a file is fetched once while it is here, again when it has gone, and never while it goes", async () => {
  const told: string[] = [];
  const files = new FetchedFiles<string>(
    async (name) => {
      told.push(`fetch ${name}`);
      await wait(1);
      return name === "bad" ? "is not there" : undefined;
    },
    async (name) => {
      await wait(5);
      told.push(`gone ${name}`);
    },
  );
  expect(await Promise.all([files.obtain("a"), files.obtain("a"), files.obtain("bad")])).toEqual([
    undefined,
    undefined,
    "is not there",
  ]);
  const leaving = files.release("a");
  await files.obtain("a");
  await leaving;
  await files.obtain("a");
  expect(told).toEqual(["fetch a", "fetch bad", "gone a", "fetch a"]);
});
