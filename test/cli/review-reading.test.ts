import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { buildImage, tarOf } from "../../fixtures/images/build-image.ts";
import { compress } from "../../fixtures/images/compress.ts";
import { readScanOptions } from "../../src/cli/flags-read.ts";
import { readReportFile } from "../../src/cli/report-file.ts";
import { createLooker } from "../../src/cli/review/look.ts";
import { createReading } from "../../src/cli/review/reading.ts";
import type { Finding } from "../../src/model/finding.ts";
import { usualAround, type ReadTab } from "../../src/review/index.ts";
import { testWith } from "../require-program.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

/** The findings of a scan as a report holds them, by what their masked value begins with; and a looker that has nothing but the report. */
async function reviewOf(...targets: readonly string[]): Promise<{
  readonly finding: (seed: string) => Finding;
  readonly rows: (tab: ReadTab, seed: string, around?: number) => Promise<string[]>;
  readonly value: (seed: string) => Promise<string | undefined>;
}> {
  const report = join(folder, `${targets.join("-").replace(/\W+/g, "-")}.jsonl`);
  leaktrace(["scan", ...targets, "-c", rules, "-f", "jsonl", "-r", report, "--no-cache"]);
  const { findings } = await readReportFile(report);
  const looker = createLooker(createReading([], readScanOptions({ config: rules }, new AbortController().signal)));
  const finding = (seed: string): Finding =>
    findings.find(
      ({ masked }) => masked.startsWith(probe(seed).slice(0, 4)) && masked.endsWith(probe(seed).slice(-2)),
    )!;
  return {
    finding,
    rows: async (tab, seed, around = usualAround) =>
      (await looker.look({ tab, place: 0, around }, finding(seed))).map(({ text }) => text),
    value: (seed) => looker.value(finding(seed)),
  };
}

describe("what lies in images and archives is read again", () => {
  const inner = (seed: string): Promise<Uint8Array> =>
    tarOf([{ path: "etc/app.env", body: Buffer.from(`# inside\nA=${probe(seed)}\n`) }]);

  test.each([
    ["docker-archive", "gzip"],
    ["oci-layout", "zstd"],
  ] as const)("%s, layers by %s: a file, an archive in it, the configuration", async (format, compression) => {
    const path = join(folder, `app-${format}`);
    await buildImage(
      {
        tag: "app:1.0",
        env: [`TOKEN=${probe("config")}`],
        layers: [
          { instruction: "COPY . /srv", files: { "srv/a.env": `# one\nA=${probe("file")}\nB=two\n`, "srv/b": "x" } },
          { instruction: "ADD", files: { "srv/c.tgz": compress(await inner("member"), "gzip"), "srv/z": "y" } },
        ],
      },
      { path, format, compression },
    );
    const review = await reviewOf(path);
    for (const seed of ["file", "member", "config"])
      expect([seed, await review.value(seed)]).toEqual([seed, probe(seed)]);
    const text = (await review.rows("text", "file")).join("\n");
    expect(text).toMatch(/ 1 │ # one\n>2 │ A=prb_\S*\.\.\S*\n 3 │ B=two/);
    expect(text).not.toContain(probe("file"));
    expect((await review.rows("text", "member")).join("\n")).toMatch(/ 1 │ # inside\n>2 │ A=prb_/);
    const change = (await review.rows("change", "file")).join("\n");
    expect(change).toMatch(/^layer 0 sha256:[0-9a-f]{64}\nCOPY \. \/srv\n[^]*\n\+A=prb_/);
    rmSync(path, { recursive: true });
    expect(
      (
        await createLooker(createReading([], readScanOptions({ config: rules }, new AbortController().signal))).look(
          { tab: "text", place: 0, around: usualAround },
          review.finding("file"),
        )
      )[0]?.text,
    ).toContain("is not at hand");
  });

  test("archives in archives, in a folder", async () => {
    const path = join(folder, "outer.tar");
    const bytes = compress(await inner("deep"), "gzip");
    writeFileSync(
      path,
      await tarOf([
        { path: "a/inner.tar.gz", body: bytes },
        { path: "z", body: Buffer.from("z") },
      ]),
    );
    const review = await reviewOf(path);
    expect(await review.value("deep")).toBe(probe("deep"));
    expect((await review.rows("text", "deep")).join("\n")).toContain("# inside");
  });
});

test("of two members with one name the one is shown that holds the finding", async () => {
  const path = join(folder, "twice.tar");
  const bodies = ["# first\nA=none\n", `# second\nA=${probe("second")}\n`, `# third\nA=${probe("third")}\n`];
  writeFileSync(path, await tarOf(bodies.map((body) => ({ path: "etc/app.env", body: Buffer.from(body) }))));
  const review = await reviewOf(path);
  for (const seed of ["second", "third"]) {
    expect(await review.value(seed)).toBe(probe(seed));
    expect((await review.rows("text", seed)).join("\n")).toContain(`# ${seed}`);
  }
});

describe("a history is asked who brought what", () => {
  testWith("git")("blame says what git says: through merges and renames, from the first commit on", async () => {
    const shop = createRepository(join(folder, "shop"));
    const lines = (...words: readonly string[]): string => `${words.join("\n")}\n`;
    shop.commit("root", { "old.env": lines("one", "two", "three", "four") });
    shop.git("checkout", "-qb", "side");
    shop.commit("side", { "old.env": lines("one", "two", "three", "four", "side") });
    shop.git("checkout", "-q", "-");
    shop.commit("main", { "old.env": lines("zero", "one", "two", "three", "four") });
    shop.git("merge", "-q", "--no-edit", "side");
    shop.git("mv", "old.env", "new.env");
    shop.commit("rename");
    shop.commit("secret", { "new.env": lines("zero", "one", `A=${probe("blamed")}`, "three", "four", "side") });
    const review = await reviewOf(shop.path);
    const told = (await review.rows("blame", "blamed")).map((row) => /^.\s*\d+ ([0-9a-f]{8})/.exec(row)?.[1]);
    const byGit = shop
      .git("blame", "-s", "--abbrev=7", "new.env")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => /^\^?([0-9a-f]{7})/.exec(line)?.[1]);
    expect(told.slice(0, byGit.length).map((id) => id?.slice(0, 7))).toEqual(byGit);
    expect((await review.rows("change", "blamed")).join("\n")).toMatch(/-two\n\+A=prb_/);
  });

  testWith("git")("the change of a merge, of a root commit and of a rename is that of the file", async () => {
    const shop = createRepository(join(folder, "changes"));
    const body = "a\nb\nc\nd\n";
    const filler = (from: number): string => Array.from({ length: 300 }, (_, i) => `line ${from + i}\n`).join("");
    shop.commit("root", {
      "root.env": `A=${probe("root")}\n${body}`,
      "long.env": `${filler(0)}A=${probe("long")}\n${filler(300)}`,
    });
    shop.git("mv", "root.env", "moved.env");
    shop.commit("moved", { "moved.env": `A=${probe("moved")}\n${body}` });
    shop.git("checkout", "-qb", "side");
    shop.commit("side", { other: "x\n" });
    shop.git("checkout", "-q", "-");
    shop.commit("main", { third: "y\n" });
    shop.git("merge", "-q", "--no-commit", "side");
    shop.commit("merged", { "moved.env": `A=${probe("merged")}\n${body}` });
    shop.commit("late", { "long.env": `${filler(0)}A=${probe("late")}\n${filler(300)}` });
    const review = await reviewOf(shop.path);
    const hunk = (await review.rows("change", "late", 24)).join("\n");
    expect(hunk).toMatch(/@@ -295,13 \+295,13 @@\n line 294\n[^]*\n line 305$/);
    expect((await review.rows("change", "root")).join("\n")).toMatch(/new file mode[^]*\+A=prb_[^]*\+a\n/);
    expect((await review.rows("change", "long")).join("\n")).toMatch(
      /a new file, of 602 lines\n@@ -0,0 \+289,25 @@\n\+line 288\n[^]*\+A=prb_/,
    );
    const fewer = (await review.rows("change", "long", 4)).join("\n");
    expect(fewer).toMatch(/@@ -0,0 \+297,9 @@\n\+line 296\n[^]*\+line 303$/);
    expect(await review.rows("text", "long", 192)).toHaveLength(385);
    expect(await review.rows("blame", "long", 4)).toHaveLength(9);
    const moved = (await review.rows("change", "moved")).join("\n");
    expect(moved).toMatch(/renamed from root\.env[^]*-A=prb_\S+\n\+A=prb_[^]* a\n/);
    expect((await review.rows("change", "merged")).join("\n")).toMatch(/-A=prb_\S+\n\+A=prb_[^]* a\n/);
  });
});
