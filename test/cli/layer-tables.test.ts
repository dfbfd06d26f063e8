/** What a table of contents and a tar say differently, as the user of a scan meets it: in every format, as a decision, in a review, after a fix. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readScanOptions } from "../../src/cli/flags-read.ts";
import { readReportFile } from "../../src/cli/report-file.ts";
import { addDecision, newIgnoreFile, serializeIgnoreFile } from "../../src/findings/ignore-file.ts";
import { createReading } from "../../src/cli/review/reading.ts";
import { chunked, digest, stargz, tableEntriesOf } from "../content/tabled-layers.ts";
import { entriesOf, leaktrace, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const rule = "layer-table-mismatch";
const held: Readonly<Record<string, Buffer>> = {
  "app/conf": Buffer.from("port = 1\n"),
  "app/start.sh": Buffer.from("run\n"),
};
const told: Readonly<Record<string, Buffer>> = { "app/conf": Buffer.from("port = 2\n") };
const says = (body: Buffer): string => `file of ${body.length} bytes (${digest(body)})`;
const hidden = `table of contents: no file; tar: ${says(held["app/start.sh"]!)}`;
const other = `table of contents: ${says(told["app/conf"]!)}; tar: ${says(held["app/conf"]!)}`;

/** An OCI layout of one image with a layer. */
function layout(name: string, layer: Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, "blobs/sha256"), { recursive: true });
  const put = (bytes: Uint8Array): object => {
    writeFileSync(join(path, "blobs", digest(bytes).replace(":", "/")), bytes);
    return { digest: digest(bytes), size: bytes.length };
  };
  const config = {
    os: "linux",
    architecture: "amd64",
    rootfs: { diff_ids: [digest(layer)] },
    history: [{ created_by: "COPY app /app" }],
  };
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...put(Buffer.from(JSON.stringify(config))) },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...put(layer) }],
  };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const index = { schemaVersion: 2, manifests: [{ mediaType, ...put(Buffer.from(JSON.stringify(manifest))) }] };
  writeFileSync(join(path, "index.json"), JSON.stringify(index));
  writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  return path;
}

const tableOf = (files: Readonly<Record<string, Buffer>>): ReturnType<typeof tableEntriesOf> =>
  Object.entries(files).flatMap(([name, body]) => tableEntriesOf(name, body));
let [bad, hiding, good] = ["", "", ""];
beforeAll(() => {
  bad = layout("bad", stargz(held, tableOf(told)));
  hiding = layout("hiding", chunked(held, tableOf({ "app/conf": held["app/conf"]! }), 64));
  good = layout("good", chunked(held, tableOf(held), 64));
});

const scan = (target: string, ...more: readonly string[]): Ran =>
  leaktrace(["image", target, "-r", "-", "--no-cache", ...more]);

describe("a layer whose table and tar differ", () => {
  test("is a finding for each file, without a value, and a gap where the table alone promises bytes", () => {
    const ran = scan(bad, "-f", "json");
    expect(ran.code).toBe(1);
    const found = entriesOf(ran).map(({ RuleID, File, Secret, Match, Fingerprint }) => [
      RuleID,
      File,
      Secret,
      Match,
      Fingerprint,
    ]);
    expect(found.toSorted(([, a = ""], [, b = ""]) => (a < b ? -1 : 1))).toEqual([
      [rule, "app/conf", "", other, `app/conf:${rule}:0`],
      [rule, "app/start.sh", "", hidden, `app/start.sh:${rule}:0`],
    ]);
    expect(ran.stderr).toContain("was not scanned [table-mismatch]");
    const quiet = scan(hiding, "-f", "json");
    expect([quiet.code, quiet.stderr.includes("table-mismatch")]).toEqual([1, false]);
    expect(scan(good).code).toBe(0);
  });

  test.each([
    ["text", /value {2}\(none\)[^]*facts {2}table of contents: file of 9 bytes[^]*layer 0 · [^]*\n2 findings: 2 high/],
    ["jsonl", /"masked":"",(?:"secret":"",)?"facts":\["table of contents: /],
    ["sarif", /has detected two files in one in app\/conf in layer 0[^]*"facts":\["?table of contents: /],
    ["csv", new RegExp(`${rule},,app/start.sh,,,"?table of contents: no file`)],
    ["junit", /has detected two files in one in file app\/conf/],
    ["md", /\| \(none\) \|[^]*Facts: `table of contents: /],
    ["html", /<td>\(none\)<td>[^]*facts: table of contents: /],
  ])("%s says so, whatever is hidden or shown", (format, words) => {
    for (const more of [["--reveal"], ["--redact=50"]]) {
      const ran = scan(bad, "-f", format, ...more);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(words);
    }
  });

  test("can be decided: by a baseline, by its rule; and is the same finding for the same lie alone", () => {
    const base = join(folder, "base.json");
    leaktrace(["image", hiding, "-f", "json", "-r", base, "--no-cache"]);
    expect(scan(hiding, "-b", base).code).toBe(0);
    const config = join(folder, "without.toml");
    writeFileSync(config, `[extend]\nuseDefault = true\ndisabledRules = ["${rule}"]\n`);
    expect(scan(hiding, "-c", config).code).toBe(0);
    const another = layout(
      "another",
      chunked({ ...held, "app/start.sh": Buffer.from("no!\n") }, tableOf({ "app/conf": held["app/conf"]! }), 64),
    );
    const idOf = (ran: Ran): string => /"fingerprint":"(\w+)"/.exec(ran.stdout)?.[1] ?? "";
    expect(idOf(scan(another, "-f", "jsonl"))).not.toBe(idOf(scan(hiding, "-f", "jsonl")));
    const decided = join(folder, "decided");
    mkdirSync(decided);
    const decision = { verdict: "ignored", reason: "a fault of our writer", date: "2024-01-31" } as const;
    const ignored = addDecision(newIgnoreFile(), idOf(scan(hiding, "-f", "jsonl")), decision);
    writeFileSync(join(decided, ".leaktraceignore"), serializeIgnoreFile(ignored));
    const code = (target: string): number | null => leaktrace(["image", target, "--no-cache"], { cwd: decided }).code;
    expect([code(hiding), code(another)]).toEqual([0, 1]);
  });

  test("is told again by a scan that knows the layer", () => {
    const cache = join(folder, "cache");
    const again = (): Ran =>
      leaktrace(["image", hiding, "-r", "-"], { env: { ...process.env, XDG_CACHE_HOME: cache } });
    const first = again();
    expect([first.code, again()]).toEqual([1, first]);
  });

  test("is looked at in a review, remedied by a push, and gone once the layer is", async () => {
    const report = join(folder, "bad.jsonl");
    leaktrace(["image", bad, "-f", "jsonl", "-r", report, "--no-cache"]);
    const { findings } = await readReportFile(report);
    const reading = createReading([], readScanOptions({}, new AbortController().signal));
    const texts = await Promise.all(findings.map((finding) => reading.read(finding.sightings[0]!, finding)));
    expect(texts.map(String).sort()).toEqual([`app/conf\n${other}\n`, `app/start.sh\n${hidden}\n`]);
    const fix = leaktrace(["fix", hiding, "--no-cache"]);
    expect(fix.stdout).toContain("app/start.sh is two files in layer 0 (COPY app /app): push the layer anew");
    const fixed = leaktrace(["verify-fix", hiding, good, "--no-cache"]);
    expect([fixed.code, fixed.stdout]).toEqual([0, expect.stringContaining("1 of 1 secret gone, 0 left, 0 new")]);
  });
});

test("a rule that a reader tells has no regex, and says so where it is asked for", () => {
  expect(leaktrace(["rules", "show", rule]).stdout).toContain("a layer whose table of contents and tar differ");
  expect(leaktrace(["rules", "test", rule]).code).toBe(2);
  const config = join(folder, "both.toml");
  writeFileSync(config, `[[rules]]\nid = "x"\nregex = "abcd"\ntold_by = "layer-table"\n`);
  const ran = scan(good, "-c", config);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("told_by stands without regex and path")]);
});
