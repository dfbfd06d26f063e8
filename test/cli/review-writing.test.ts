import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { readScanOptions } from "../../src/cli/flags-read.ts";
import { readReportFile } from "../../src/cli/report-file.ts";
import { createReading } from "../../src/cli/review/reading.ts";
import { createWriter } from "../../src/cli/review/writer.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Proposal, Written, WrittenIn } from "../../src/review/index.ts";
import { sit } from "../review/pty.ts";
import { leaktrace, probe, probeRules, program, scratch } from "./scan-program.ts";

const folder = scratch();
const env = { ...process.env, LEAKTRACE_REVIEWER: "Ada <ada@example.org>" };

/** A folder with a configuration of its own, in which the rule of the tests is. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  const rules = readFileSync(probeRules(cwd), "utf8");
  writeFileSync(join(cwd, ".leaktrace.toml"), `# kept\n${rules}\n# kept as well\n`);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(cwd, path), text);
  return cwd;
}

function masks(cwd: string): string[] {
  const { stdout } = leaktrace(["scan", ".", "-f", "jsonl", "-r", "-", "--reveal", "--no-cache"], { cwd });
  return stdout
    .trim()
    .split("\n")
    .flatMap((line) => (JSON.parse(line) as { secret?: string }).secret ?? [])
    .sort();
}

function plain(cwd: string, answers: readonly string[], ...args: readonly string[]): string {
  return leaktrace(["review", "--plain", ...args], { cwd, env, input: `${answers.join("\n")}\n` }).stdout;
}

describe("a mark in the line", () => {
  test("is shown, asked for, written with the line's end, and counts from the next scan on", () => {
    const cwd = project("marks", { "a.py": `# é\u00a0\r\nA = "${probe("py")}"  \r\nB = 1\r\n` });
    chmodSync(join(cwd, "a.py"), 0o755);
    const no = plain(cwd, ["w mark", "n", "s"], ".");
    expect(no).toMatch(
      /a\.py:2\n- A = "prb_\S+" *\n\+ A = "prb_\S+" # gitleaks:allow\n[^]*write it\? \[y n\]\nnothing was written/,
    );
    expect(no).not.toContain(probe("py"));
    expect(masks(cwd)).toEqual([probe("py")]);
    expect(plain(cwd, ["w mark", "yes"], ".")).toMatch(/gitleaks:allow written to \S*a\.py:2\n[^]*1 ignored, 0 left/);
    expect(readFileSync(join(cwd, "a.py"), "utf8")).toBe(
      `# é\u00a0\r\nA = "${probe("py")}" # gitleaks:allow\r\nB = 1\r\n`,
    );
    expect(statSync(join(cwd, "a.py")).mode & 0o777).toBe(0o755);
    expect(masks(cwd)).toEqual([]);
  });

  test.each([
    ["a.json", (value: string) => `{"a": "${value}"}\n`, "such a file has no comments"],
    ["a.properties", (value: string) => `a=${value}\n`, "is a part of it in such a file"],
    ["a.unheard", (value: string) => `a=${value}\n`, "is not known here"],
    ["Makefile", (value: string) => `A=${value} \\\n  b\n`, "a comment would end it"],
  ])("is not written into %s", (name, text, why) => {
    const cwd = project(`refused-${name}`, { [name]: text(probe(name)) });
    expect(plain(cwd, ["w mark", "s"], ".")).toContain(why);
    expect(readFileSync(join(cwd, name), "utf8")).toBe(text(probe(name)));
  });

  test("is not written where the file has changed meanwhile, holds it no more, or is a link", async () => {
    const cwd = project("changed", { "a.sh": `A=${probe("sh")}\n` });
    const path = join(cwd, "a.sh");
    const { propose } = await desk(cwd);
    const proposal = (await propose("mark")) as Proposal;
    writeFileSync(path, `A=${probe("sh")} \n`);
    await expect(proposal.write()).rejects.toThrow("has changed meanwhile");
    writeFileSync(path, "A=1\n");
    expect(await propose("mark")).toContain("does not hold it any more");
    writeFileSync(join(cwd, "b.sh"), `\nA=${probe("sh")}\n`);
    writeFileSync(path, `\n\nA=${probe("sh")}\n`);
    expect(((await propose("mark")) as Proposal).rows[0]?.text).toContain("a.sh:3");
    const link = join(cwd, "link.sh");
    symlinkSync(join(cwd, "b.sh"), link);
    const { propose: ofLink } = await desk(cwd, (finding) => ({
      ...finding,
      sightings: finding.sightings.map((one) => ({ ...one, origin: { kind: "file", path: link } })),
    }));
    expect(await ofLink("mark")).toContain("is a link");
  });
});

/** The writer of a review of a report of this folder, for its only finding. */
async function desk(
  cwd: string,
  change = (finding: Finding): Finding => finding,
): Promise<{
  readonly finding: Finding;
  readonly findings: ReadonlyMap<string, Finding>;
  readonly propose: (what: WrittenIn) => Promise<Proposal | string>;
  readonly draft: () => Promise<string>;
}> {
  const report = join(folder, `${cwd.slice(folder.length + 1)}-${Date.now()}.jsonl`);
  leaktrace(["scan", cwd, "-f", "jsonl", "-r", report, "--no-cache"], { cwd });
  const all = (await readReportFile(report)).findings.map(change);
  const findings = new Map(all.map((finding) => [finding.fingerprint, finding]));
  const finding = all[0]!;
  const options = readScanOptions({ config: join(cwd, ".leaktrace.toml"), cache: false }, new AbortController().signal);
  const writer = createWriter(createReading([], options), options, () => [cwd]);
  return {
    finding,
    findings,
    propose: (what) =>
      writer.propose({ what, finding, place: 0 }, { findings, signal: new AbortController().signal, told: () => {} }),
    async draft() {
      const editor = await writer.draft(finding, 0);
      if (typeof editor === "string") throw new Error(editor);
      return editor.args.at(-1)!;
    },
  };
}

function textOf(proposal: Proposal | string): string {
  return typeof proposal === "string" ? proposal : proposal.rows.map(({ text }) => text).join("\n");
}

describe("an allowlist", () => {
  test("goes to the end of the configuration in force, all else of it stays, and what it hides is told before", () => {
    const cwd = project("allowed", {
      "a.env": `A=${probe("one")}\nB=${probe("two")}\n`,
      "b.env": `A=${probe("three")}\n`,
    });
    const before = readFileSync(join(cwd, ".leaktrace.toml"), "utf8");
    const said = plain(cwd, ["s", "s", "w allowlist", "y"].slice(0, 4), ".", "-v");
    expect(said).toMatch(/\+ \[\[allowlists\]\]\n\+ targetRules = \["probe"\]\n/);
    const after = readFileSync(join(cwd, ".leaktrace.toml"), "utf8");
    expect(after.startsWith(before)).toBe(true);
    expect(after.slice(before.length)).toMatch(
      /^\n\[\[allowlists\]\]\ntargetRules = \["probe"\]\npaths = \['''\^\S+\$'''\]\n$/,
    );
    expect(masks(cwd).length).toBeLessThan(3);
    expect(leaktrace(["rules", "check", ".leaktrace.toml"], { cwd }).code).toBe(0);
  });

  test("makes a configuration beside which the built-in rules count, where there is none", () => {
    const cwd = join(folder, "fresh");
    mkdirSync(cwd);
    const token = `ghp_${"x".repeat(36)}`;
    writeFileSync(join(cwd, "a.env"), `password = "kT9vQ2xLm4Zr8Wp1"\n# ${token}\n`);
    const said = plain(cwd, ["w allowlist", "y"], ".");
    expect(said).toContain("(a new file)");
    expect(readFileSync(join(cwd, ".leaktrace.toml"), "utf8")).toMatch(
      /^\[extend\]\nuseDefault = true\n\n\[\[allowlists\]\]\n/,
    );
    expect(leaktrace(["scan", ".", "--no-cache"], { cwd }).stdout).not.toContain("kT9v");
  });

  test("is refused where the configuration keeps the old form, or is none that can be written", () => {
    const cwd = project("old", { "a.env": `A=${probe("old")}\n` });
    const path = join(cwd, ".leaktrace.toml");
    writeFileSync(path, `[allowlist]\npaths = ["x"]\n${readFileSync(path, "utf8")}`);
    const before = readFileSync(path, "utf8");
    expect(plain(cwd, ["w allowlist", "s"], ".")).toContain("cannot stand together");
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(plain(cwd, ["w allowlist", "s"], ".", "-c", "built-in")).not.toContain("write it?");
  });
});

/** Bytes that a process has read so far, where the system tells. */
function bytesRead(pid: number): number {
  const path = `/proc/${pid}/io`;
  return existsSync(path) ? Number(/rchar: (\d+)/.exec(readFileSync(path, "utf8"))?.[1]) : 0;
}

describe("the rule workbench", () => {
  const files = {
    "a.env": `A=${probe("keep")}\n# zzz\nB=${probe("other")}\n`,
    "b.env": `C=qrs_${probe("new").slice(4)}\n`,
  };

  test("tells what appears and vanishes, saves the rule with an example, and nothing else changes", async () => {
    const cwd = project("bench", files);
    const path = join(cwd, ".leaktrace.toml");
    const before = readFileSync(path, "utf8");
    const { draft, propose, findings } = await desk(cwd);
    const draftPath = await draft();
    expect(statSync(draftPath).mode & 0o077).toBe(0);
    const laid = readFileSync(draftPath, "utf8");
    expect(laid).toContain('[[rules]]\nid = "probe"');
    expect(await propose("rule")).toContain("changes nothing");
    writeFileSync(draftPath, laid.replace("prb_[0-9A-Za-z]{30}", "qrs_[0-9A-Za-z]{30}").replace('"prb_"', '"qrs_"'));
    const proposal = await propose("rule");
    expect(textOf(proposal)).toMatch(/2 vanish, 1 appear\n- prb_[^]*\n- prb_[^]*\n\+ qrs_/);
    const other = await desk(cwd);
    expect(await other.draft()).not.toBe(draftPath);
    const written: Written = await (proposal as Proposal).write();
    expect([...written.hidden].sort()).toEqual([...findings.keys()].sort());
    const after = readFileSync(path, "utf8");
    expect(after).toMatch(/^# kept\n\[\[rules\]\]\nid = "probe"\ncounter_examples = \["prb_\$\{alnum:30\}"\]\n/);
    expect(after.endsWith("\n# kept as well\n")).toBe(true);
    expect(before.split("\n").length + 1).toBe(after.split("\n").length);
    for (const seed of ["keep", "other", "new"]) expect(after).not.toContain(probe(seed).slice(4));
    const checked = leaktrace(["rules", "check", ".leaktrace.toml"], { cwd });
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("all examples hold")]);
    expect(leaktrace(["rules", "test", "probe", "b.env", "-c", ".leaktrace.toml"], { cwd }).code).toBe(1);
    expect(masks(cwd)).toEqual([`qrs_${probe("new").slice(4)}`]);
  });

  test("tells what is wrong with a draft, and writes nothing", async () => {
    const cwd = project("wrong", files);
    const before = readFileSync(join(cwd, ".leaktrace.toml"), "utf8");
    const { draft, propose } = await desk(cwd);
    const path = await draft();
    for (const text of ["[[rules]\n", `[[rules]]\nid = "probe"\nregex = '''('''\n`, "x = 1\n"]) {
      writeFileSync(path, text);
      await expect(propose("rule")).rejects.toThrow(/toml|rule|regex/i);
    }
    expect(readFileSync(join(cwd, ".leaktrace.toml"), "utf8")).toBe(before);
  });

  test("works on the screen: R, the editor, what changes, e, enter", async () => {
    const cwd = project("screen", files);
    const editor = join(cwd, "editor.sh");
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/\\[0-9A-Za-z\\]{30}/[0-9A-Za-z]{31}/' "$2"\n`);
    chmodSync(editor, 0o755);
    using seat = sit(process.execPath, [program, "review", ".", "--no-cache"], { cwd, env: { VISUAL: editor } });
    await seat.sees("2 found");
    seat.press("R");
    await seat.sees("2 vanish, 0 appear");
    await seat.sees("enter writes it");
    seat.press("\r");
    await seat.sees("saved in");
    await seat.sees("0 open");
    seat.press("Q");
    await seat.ended();
    expect(readFileSync(join(cwd, ".leaktrace.toml"), "utf8")).toContain("{31}");
    expect(seat.sent()).not.toContain(probe("keep"));
    expect(masks(cwd)).toEqual([]);
  });

  test("is stopped by Esc while it scans: nothing is written or left, and the review goes on", async () => {
    const cwd = project("stopped", files);
    const before = readFileSync(join(cwd, ".leaktrace.toml"), "utf8");
    const temporary = join(cwd, "tmp");
    mkdirSync(temporary);
    const editor = join(cwd, "editor.sh");
    // A file with a hole: it takes no room, and a scan of it takes minutes.
    writeFileSync(
      editor,
      `#!/bin/sh\nsed -i 's/\\[0-9A-Za-z\\]{30}/[0-9A-Za-z]{31}/' "$2"\ntruncate -s 200G "${cwd}/large.env"\n`,
    );
    chmodSync(editor, 0o755);
    const env = { VISUAL: editor, TMPDIR: temporary };
    using seat = sit(process.execPath, [program, "review", ".", "--no-cache"], { cwd, env });
    await seat.sees("2 found");
    seat.press("R");
    await seat.sees(/looking; e edits it again, esc drops it(?:.|\n)*appear so far/);
    seat.press("\x1b");
    await seat.sees("nothing was written");
    await vi.waitFor(
      async () => {
        const before = bytesRead(seat.pid);
        // Long enough that a scan which goes on reads something, however busy the machine is.
        for (let times = 0; times < 8; times++) await seat.settles();
        expect(bytesRead(seat.pid) - before).toBeLessThan(1 << 20);
      },
      { timeout: 20_000 },
    );
    seat.press("r");
    await seat.sees("1 finding real");
    seat.press("Q");
    expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(cwd, ".leaktrace.toml"), "utf8")).toBe(before);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("works as questions: what a line changes is refused or tried, and saved after a yes", () => {
    const cwd = project("asked", files);
    const path = join(cwd, ".leaktrace.toml");
    const before = readFileSync(path, "utf8");
    const stays = plain(cwd, ["R", "1 dreadful", "3 (", "9 x", "2 5.9", "show", "q", "q"], ".");
    expect(stays).toMatch(/rule probe, in \S*\.leaktrace\.toml\n1 severity: high\n2 entropy/);
    expect(stays.match(/not changed: /g)).toHaveLength(3);
    expect(stays).toMatch(/2 entropy[^\n]*: 5\.9\n[^]*\nentropy = 5\.9\n[^]*nothing was written/);
    expect(readFileSync(path, "utf8")).toBe(before);

    const block = join(cwd, "block.toml");
    writeFileSync(block, '[[rules]]\nid = "probe"\nregex = "qrs_[0-9A-Za-z]{30}"\nkeywords = ["qrs_"]\n');
    const taken = plain(cwd, ["R", "file none.toml", "file block.toml", "t", "n", "q"], ".");
    expect(taken).toMatch(/not changed: [^]*3 regex: qrs_[^]*2 vanish, 1 appear\n[^]*nothing was written/);
    expect(readFileSync(path, "utf8")).toBe(before);

    const saved = plain(
      cwd,
      ["R", "6 (^|/)b\\.env$", "t", "e", "7 zzz", `5 ${probe("keep").slice(0, 9)}`, "t", "y"],
      ".",
    );
    expect(saved).toMatch(/0 vanish, 0 appear[^]*write it\? \[y n e\][^]*1 vanish, 0 appear[^]*probe saved in /);
    expect(saved).toMatch(/1 ignored, 1 left/);
    const after = readFileSync(path, "utf8");
    expect(after).toContain("[[rules.allowlists]]\npaths = ['''(^|/)b\\.env$''']");
    expect(leaktrace(["rules", "check", ".leaktrace.toml"], { cwd }).code).toBe(0);
    expect(masks(cwd)).toEqual([probe("other")]);
  });
});
