import type { Report } from "../../src/model/finding.ts";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readScanOptions } from "../../src/cli/flags-read.ts";
import { presentReport, wantsColour, type OutputStream } from "../../src/cli/text-output.ts";
import { finding, report } from "../findings/samples.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const broken = report({
  problems: [
    { code: "pack-corrupt", effect: "incomplete", target: "repo", subject: "x.pack", message: "is damaged" },
    { code: "config-invalid", effect: "note", target: "", subject: "f:1", message: "was left out" },
  ],
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function present(
  values: Record<string, unknown>,
  given = report(),
  terminal: { isTTY?: boolean; columns?: number } = {},
): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr"): OutputStream =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          said[name] += chunk.toString();
          done();
        },
      }),
      terminal,
    );
  const options = readScanOptions(values, new AbortController().signal);
  const streams = { stdout: stream("stdout"), stderr: stream("stderr"), env: {} };
  const code = await presentReport(given, options, streams);
  return { code, ...said };
}

describe("the end of a scan", () => {
  test("without a report path the report goes to stdout, problems and summary to stderr", async () => {
    const { code, stdout, stderr } = await present({}, broken);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^HIGH {6}Sample token/);
    expect(stderr).toBe(
      "leaktrace: not scanned: repo: x.pack: is damaged [pack-corrupt]\n" +
        "leaktrace: note: f:1: was left out [config-invalid]\n" +
        "leaktrace: 1 secret in 12,345 contents (1.23 GB); the scan is incomplete\n",
    );
  });

  test("with one it goes there, and findings for people to stdout when asked", async () => {
    const path = join(folder, "report.json");
    expect((await present({ reportPath: path })).stdout).toBe("");
    expect(JSON.parse(await readFile(path, "utf8"))).toHaveLength(1);
    expect((await present({ reportPath: path, verbose: true })).stdout).toMatch(/^HIGH/);
    expect(JSON.parse((await present({ reportPath: "-", reportFormat: "json" })).stdout)).toHaveLength(1);
  });

  test("the log level silences stderr", async () => {
    expect((await present({ logLevel: "error" }, broken)).stderr).toBe(
      "leaktrace: not scanned: repo: x.pack: is damaged [pack-corrupt]\n",
    );
    expect((await present({ logLevel: "fatal" }, broken)).stderr).toBe("");
  });

  test("on a terminal the report is coloured, wrapped, and not said twice", async () => {
    const { stdout, stderr } = await present({}, broken, { isTTY: true, columns: 40 });
    expect(stdout).toContain("\x1b[31mHIGH");
    // oxlint-disable-next-line no-control-regex -- the codes of colours
    for (const line of stdout.replaceAll(/\x1b\[[\d;]*m/g, "").split("\n")) expect(line.length).toBeLessThanOrEqual(40);
    expect(stderr).toBe("");
    expect((await present({ color: false }, broken, { isTTY: true })).stdout).not.toContain("\x1b");
  });

  test("the exit code follows the options", async () => {
    expect((await present({ exitCode: 0 })).code).toBe(0);
    expect((await present({ minSeverity: "critical" })).code).toBe(0);
    expect((await present({ minSeverity: "critical" }, broken)).code).toBe(3);
    const found = (severity: "low" | "info"): Report => report({ findings: [finding({ severity })] });
    expect((await present({}, found("low"))).code).toBe(1);
    // Identifiers are worth knowing, and open nothing.
    expect((await present({}, found("info"))).code).toBe(0);
    expect((await present({ minSeverity: "info" }, found("info"))).code).toBe(1);
  });
});

test.each([
  [true, "auto", {}, true],
  [false, "auto", {}, false],
  [true, "never", { FORCE_COLOR: "1" }, false],
  [false, "always", { NO_COLOR: "1" }, true],
  [true, "auto", { NO_COLOR: "1" }, false],
  [true, "auto", { NO_COLOR: "" }, true],
  [false, "auto", { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
  [true, "auto", { TERM: "dumb" }, false],
] as const)("colour: terminal %s, asked %s, environment %j: %s", (isTerminal, asked, env, colour) => {
  expect(wantsColour(isTerminal, asked, env)).toBe(colour);
});
