/** The built program, from a scan into a case to a bundle that somebody else verifies. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { sit } from "../review/pty.ts";
import { leaktrace, probe, probeRules, program, scratch, type Ran } from "./scan-program.ts";

vi.setConfig({ testTimeout: 120_000 });

const cwd = scratch();
const home = join(cwd, "home");
const secrets = [1, 2, 3].map((n) => probe(`case ${n}`));
const rules = probeRules(cwd);

function run(args: readonly string[], input = "", as = "Ada"): Ran {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: "", LEAKTRACE_REVIEWER: as };
  return leaktrace(args, { cwd, input, env });
}

/** Scans the folder `app` into the case. */
function scan(...more: readonly string[]): Ran {
  return run(["scan", "app", "-c", rules, "--case", "my.case", "-f", "json", "-r", "out.json", ...more]);
}

beforeAll(() => {
  mkdirSync(join(cwd, "app"));
  mkdirSync(home);
  writeFileSync(join(cwd, "app/env"), secrets.map((secret, i) => `k${i} ${secret}\n`).join(""));
});

describe("a case", () => {
  test("is filled by scans; the same again adds no secret", () => {
    const first = scan();
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("case my.case: 3 new secrets, 3 new places");
    expect(statSync(join(cwd, "my.case")).mode & 0o777).toBe(0o600);
    expect(scan().stderr).toContain("case my.case: 0 new secrets, 0 new places");
    expect(run(["case", "show", "my.case"]).stdout).toMatch(/^2 scans$/m);
    // The report is what it is without a case.
    const alone = run(["scan", "app", "-c", rules, "-f", "json"]).stdout;
    expect(readFileSync(join(cwd, "out.json"), "utf8")).toBe(alone);
  });

  test("takes decisions of a review, which hide in the next scan and can be undone tomorrow", () => {
    expect(run(["review", "my.case", "--plain"], "f made up\nr\nq\n").stdout).toContain("decisions in my.case");
    // Tomorrow, undo goes on where it stopped.
    const undone = run(["review", "my.case", "--plain"], "u\nq\n").stdout;
    expect(undone).toMatch(/^undone: 1 finding real/m);
    expect(undone).toContain("1 false positive, 2 left");
    run(["review", "my.case", "--plain"], "r\nq\n");
    const again = scan("-v");
    expect(again.stdout).toContain("Hidden by decisions: 1.");
    expect(JSON.parse(readFileSync(join(cwd, "out.json"), "utf8"))).toHaveLength(2);
    const listed = run(["case", "list", "my.case"]).stdout.trimEnd().split("\n");
    expect(listed.map((line) => line.slice(0, 14).trim()).sort()).toEqual(["false positive", "open", "real"]);
    const id = /lt1[0-9a-f]{32}/.exec(listed.find((line) => line.startsWith("false"))!)![0];
    expect(run(["case", "show", "my.case", id.slice(0, 12)]).stdout).toMatch(/said .* Ada: false positive: made up/);
  });

  test("gives a report in every format, with the exit code of a scan", () => {
    for (const format of ["text", "json", "jsonl", "sarif", "csv", "junit"])
      expect(run(["report", "my.case", "-f", format]).code, format).toBe(1);
    const json = run(["report", "my.case", "-f", "json", "--exit-code", "9"]);
    expect(json.code).toBe(9);
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(readFileSync(join(cwd, "out.json"), "utf8")));
    run(["report", "my.case", "-f", "jsonl", "-r", "my.jsonl"]);
    expect(run(["report", "my.jsonl", "-f", "json"]).stdout).toBe(run(["report", "my.case", "-f", "json"]).stdout);
    expect(run(["report", "absent.jsonl"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cannot read absent/),
    });
    expect(run(["report", "my.case", "--redact=20"]).code).toBe(2);
  });

  test("of two reviewers are merged without loss, and conflicts are told", () => {
    copyFileSync(join(cwd, "my.case"), join(cwd, "bob.case"));
    run(["review", "my.case", "--plain"], "r\n");
    run(["review", "bob.case", "--plain"], "i not ours\n", "Bob");
    const merged = run(["case", "merge", "my.case", "bob.case"]);
    expect(merged.stderr).toContain("1 decision new from bob.case");
    expect(merged.stderr).toContain("1 conflict of decisions");
    expect(run(["case", "list", "my.case"]).stdout).toContain("conflict: Ada says real, Bob says ignored");
    expect(run(["case", "merge", "my.case", "bob.case"]).stderr).toContain("0 secrets, 0 places, 0 decisions new");
    expect(run(["review", "my.case", "--plain"], "x\n").stdout).toContain("0 left");
    expect(run(["case", "list", "my.case"]).stdout).not.toContain("conflict");
  });

  test("is exported in a bundle that others verify, and take in", () => {
    const exported = run(["case", "export", "my.case", "-o", "my.tgz"]);
    expect(exported).toMatchObject({ code: 0, stderr: expect.stringMatching(/made a key .*\n.*signed by ed25519:/) });
    expect(statSync(join(home, ".config/leaktrace/signing-key.pem")).mode & 0o777).toBe(0o600);
    expect(run(["case", "verify", "my.tgz"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verified: /m) });

    const stranger = (args: readonly string[]): Ran =>
      leaktrace(args, { cwd, env: { ...process.env, HOME: join(cwd, "nobody"), XDG_CONFIG_HOME: "" } });
    const unknown = stranger(["case", "verify", "my.tgz"]);
    expect(unknown).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/not known here: whole, and NOT verified/),
    });
    expect(unknown.stdout).not.toMatch(/^verified/m);
    const key = join(home, ".config/leaktrace/signing-key.pub.pem");
    expect(stranger(["case", "verify", "my.tgz", "--public-key", key]).code).toBe(0);

    expect(run(["case", "import", "new.case", "my.tgz"]).stderr).toContain("3 secrets");
    expect(run(["case", "list", "new.case"]).stdout).toBe(run(["case", "list", "my.case"]).stdout);
    expect(run(["case", "import", "new.case", "my.tgz"]).stderr).toContain("0 scans, 0 secrets, 0 places, 0 decisions");
  });

  test("a bundle that was changed, anywhere, is told", () => {
    const tar = gunzipSync(readFileSync(join(cwd, "my.tgz")));
    const verify = (bytes: Uint8Array): Ran => {
      writeFileSync(join(cwd, "bad.tgz"), bytes);
      return run(["case", "verify", "bad.tgz"]);
    };
    const flipped = (text: string, by: string): Buffer => {
      const at = tar.indexOf(text);
      expect(at, text).toBeGreaterThan(0);
      const copy = Buffer.from(tar);
      copy.write(by, at, "latin1");
      return gzipSync(copy);
    };
    expect(verify(flipped('"verdict":"real"', '"verdict":"Real"')).stdout).toMatch(
      /decisions.jsonl is not as it was signed/,
    );
    expect(verify(flipped('"schema": 1', '"schema":01')).code).toBeGreaterThan(0);
    expect(verify(flipped('"created": "2', '"created": "3')).stdout).toMatch(/signature does not fit/);
    expect(verify(flipped("vnd.leaktrace.evidence.v1", "vnd.leaktrace.evidence.v2")).stdout).toMatch(/no signature/);
    expect(verify(flipped('"keyid": "ed25519:', '"keyid": "ed25518:')).stdout).toMatch(/signature does not fit/);
    expect(verify(flipped('"payloadFile": "m', '"payloadFile": "M')).stdout).toMatch(/signature does not fit/);
    expect(verify(flipped("report.jsonl\0", "repork.jsonl\0")).code).toBe(1);
    expect(verify(gzipSync(tar.subarray(0, tar.length - 6000)))).toMatchObject({ code: 1 });
    expect(verify(gzipSync(Buffer.from("nothing")))).toMatchObject({ code: 2 });
    expect(run(["case", "import", "new.case", "bad.tgz"])).toMatchObject({ code: 2 });
    // Entries of the tar may stand in it twice, or be there unsigned.
    const twice = Buffer.concat([tar.subarray(0, tar.length - 1024), tar]);
    expect(verify(gzipSync(twice))).toMatchObject({ code: 1, stdout: expect.stringMatching(/is in it twice/) });
  });

  test("gives decisions as text that merges in git", () => {
    const lines = run(["case", "export", "my.case", "--decisions"]).stdout.trimEnd().split("\n");
    expect(lines).toEqual(lines.toSorted());
    writeFileSync(join(cwd, "decisions.txt"), `${lines.join("\n")}\n`);
    run(["scan", "app", "-c", rules, "--case", "text.case", "-r", "out.json"]);
    expect(run(["case", "import", "text.case", "decisions.txt"]).stderr).toContain(`${lines.length} decisions new`);
    const states = (name: string): string[] =>
      run(["case", "list", name])
        .stdout.split("\n")
        .map((line) => line.slice(0, 14))
        .sort();
    expect(states("text.case")).toEqual(states("my.case"));
    writeFileSync(join(cwd, "decisions.txt"), lines.join("\n").replace('"real"', '"ignored"'));
    expect(run(["case", "import", "text.case", "decisions.txt"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/line \d+ of decisions.txt cannot be read: .*altered/),
    });
  });

  test("takes in reports of others, and keeps no plain value of them", () => {
    const secret = probe("plain");
    const entry = {
      RuleID: "probe",
      Description: "d",
      StartLine: 3,
      EndLine: 3,
      StartColumn: 1,
      EndColumn: 9,
      Entropy: 3,
    };
    const plain = { ...entry, Match: `k ${secret}`, Secret: secret, File: "a", Commit: "", Tags: [] };
    const redacted = { ...plain, Match: "REDACTED", Secret: "REDACTED", File: "b" };
    writeFileSync(join(cwd, "theirs.json"), JSON.stringify([plain, redacted]));
    run(["scan", "app", "-c", rules, "-f", "jsonl", "-r", "ours.jsonl", "--reveal"]);
    const taken = run(["case", "import", "theirs.case", "theirs.json", "ours.jsonl"]);
    expect(taken.stderr).toMatch(/2 secrets.*theirs\.json\n.*3 secrets.*ours\.jsonl/);
    for (const format of ["sarif", "csv", "junit"]) {
      run(["report", "theirs.case", "-f", format, "-r", `theirs.${format}`]);
      const refused = run(["case", "import", "theirs.case", `theirs.${format}`]);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("It takes reports of -f jsonl") });
    }
    const id = createHash("sha256").update("x").digest("hex");
    expect(run(["case", "show", "theirs.case", `lt1${id}`]).code).toBe(2);
    run(["case", "export", "theirs.case"]);
    for (const name of readdirSync(cwd).filter((file) => /\.(?:case|case-wal|case-shm)$/.test(file)))
      for (const value of [secret, ...secrets]) expect(readFileSync(join(cwd, name)).includes(value), name).toBe(false);
    for (const name of ["theirs.evidence.tgz", "my.tgz"])
      for (const value of [secret, ...secrets])
        expect(gunzipSync(readFileSync(join(cwd, name))).includes(value), name).toBe(false);
  });

  test("is reviewed on a screen, and undone there tomorrow", async () => {
    run(["scan", "app", "-c", rules, "--case", "screen.case", "-r", "out.json"]);
    const seated = async (act: (seat: ReturnType<typeof sit>) => Promise<void>): Promise<void> => {
      const env = { HOME: home, XDG_CONFIG_HOME: "", LEAKTRACE_REVIEWER: "Ada" };
      using seat = sit(process.execPath, [program, "review", "screen.case"], { cwd, env });
      await seat.sees("prb_");
      await act(seat);
      seat.press("q");
      expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    };
    await seated(async (seat) => {
      seat.press("r");
      await seat.sees("1 finding real");
    });
    expect(run(["case", "list", "screen.case"]).stdout.match(/^real/gm)).toHaveLength(1);
    await seated(async (seat) => {
      seat.press("u");
      await seat.sees("undone");
    });
    expect(run(["case", "list", "screen.case"]).stdout.match(/^open/gm)).toHaveLength(3);
    const ignoreFile = join(cwd, ".leaktraceignore");
    await seated(async (seat) => {
      seat.press("w5");
      await seat.sees("decide it first");
      seat.press("\x1b");
      await seat.sees("nothing was written");
      seat.press("fgw5");
      await seat.sees("+ false positive");
      expect(existsSync(ignoreFile)).toBe(false);
      seat.press("\r");
      await seat.sees("false positive written to");
    });
    expect(run(["scan", "app", "-c", rules, "-r", "fewer.json"]).code).toBe(1);
    expect(JSON.parse(readFileSync(join(cwd, "fewer.json"), "utf8"))).toHaveLength(2);
    rmSync(ignoreFile);
  });

  test("verify says of a case whether it is whole", () => {
    expect(run(["case", "verify", "my.case"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/whole/) });
    const bytes = readFileSync(join(cwd, "my.case"));
    bytes.fill(0x5a, 8192, 12_288);
    writeFileSync(join(cwd, "broken.case"), bytes, { mode: 0o600 });
    expect(run(["case", "verify", "broken.case"]).code).toBeGreaterThan(0);
    expect(run(["case", "list", "broken.case"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^leaktrace: .*\n?/),
    });
    expect(run(["scan", "app", "--case", "app"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/is a folder/),
    });
  });
});
