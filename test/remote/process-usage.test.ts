/** What processes use is told with all that they started: git leaves the work to others. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { usageOf, type Usage } from "../../src/remote/process-usage.ts";

test.runIf(existsSync("/proc/self/status"))("a program that works in another's name is counted", async () => {
  const work = "const held = Buffer.alloc(1 << 26, 1); for (;;) held[0]++;";
  const parent = spawn("sh", ["-c", '"$0" -e "$1" & wait', process.execPath, work], { detached: true });
  try {
    let usage: Usage = { memory: 0, seconds: 0 };
    while (usage.seconds < 0.3 || usage.memory < 1 << 26) {
      await setTimeout(50);
      usage = await usageOf(parent.pid!);
    }
    expect(usage.memory).toBeLessThan(1 << 30);
  } finally {
    process.kill(-parent.pid!, "SIGKILL");
  }
});

test("of a program that has ended nothing is told", async () => {
  expect(await usageOf(2 ** 30)).toEqual({ memory: 0, seconds: 0 });
});
