/** Storages of engines in their usual places have no path in their name: nothing else may be taken for them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { leaktrace, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";
import { noise } from "./repository.ts";

const folder = scratch();
const rules = probeRules(folder);

testWith("buildah")(
  "a storage that has changed is scanned, though the current folder has not",
  { timeout: 60_000 },
  async () => {
    const home = join(folder, "home");
    const root = join(home, ".local/share/containers/storage");
    const cwd = join(folder, "cwd");
    const context = join(folder, "context");
    for (const path of [root, cwd, context]) mkdirSync(path, { recursive: true });
    // This machine may have a storage of its own in the usual place.
    const settings = join(folder, "storage.conf");
    writeFileSync(settings, `[storage]\ndriver = "vfs"\ngraphroot = "${root}"\n`);
    // Large enough to be remembered.
    writeFileSync(join(cwd, "large"), noise("current folder", 5 << 20));
    const build = (text: string): void => {
      writeFileSync(join(context, "Dockerfile"), `FROM scratch\nENV A=${text}\n`);
      const store = ["--root", root, "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
      const ran = spawnSync("buildah", [...store, "bud", "-q", "--isolation", "chroot", context], { encoding: "utf8" });
      expect([ran.status, ran.stderr]).toEqual([0, ran.stderr]);
    };
    const scan = (): number | null =>
      leaktrace(["image", "containers-storage:", "-c", rules, "--cache-dir", join(folder, "cache")], {
        cwd,
        env: { ...process.env, HOME: home, CONTAINERS_STORAGE_CONF: settings },
      }).code;
    build("nothing");
    // What was changed this moment is not remembered.
    await wait(3000);
    expect([scan(), scan()]).toEqual([0, 0]);
    build(probe("later"));
    expect(scan()).toBe(1);
  },
);
