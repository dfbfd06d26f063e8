import { describe, expect, test } from "vitest";
import { flagsOf, scanFlags } from "../../src/cli/flags.ts";
import { normaliseArguments } from "../../src/cli/flags-normalise.ts";
import { readScanOptions } from "../../src/cli/flags-read.ts";
import { buildProgram } from "../../src/cli/program.ts";

const { signal } = new AbortController();

function normalised(...args: string[]): string[] {
  return normaliseArguments(args, scanFlags);
}

describe("arguments as gitleaks takes them", () => {
  test.each<[string[], string[]]>([
    [
      ["git", "--redact"],
      ["git", "--redact=100"],
    ],
    [
      ["git", "--redact", "repo"],
      ["git", "--redact=100", "repo"],
    ],
    [["--redact=20"], ["--redact=20"]],
    [
      ["--verbose=true", "--no-color=false", "--no-banner=1"],
      ["--verbose", "--no-banner"],
    ],
    [
      ["-r", "--redact"],
      ["-r", "--redact"],
    ],
    [
      ["--config", "--verbose=false"],
      ["--config", "--verbose=false"],
    ],
    [
      ["--", "--redact", "--verbose=true"],
      ["--", "--redact", "--verbose=true"],
    ],
    [
      ["--unknown=true", "--log-level=true"],
      ["--unknown=true", "--log-level=true"],
    ],
    [["-r"], ["-r"]],
    [
      ["git", "--redact", "30", "."],
      ["git", "--redact=30", "."],
    ],
    [
      ["git", "--redact", "2024"],
      ["git", "--redact=100", "2024"],
    ],
    [
      ["-v", "-c", "git", "--log-level=debug", "--redact", "dir", "conf"],
      ["dir", "-v", "-c", "git", "--log-level=debug", "--redact=100", "conf"],
    ],
    [
      ["--redact", "20", "git", "repo"],
      ["git", "--redact=20", "repo"],
    ],
    [
      ["--help", "git"],
      ["--help", "git"],
    ],
    [["-v"], ["-v"]],
  ])("%j becomes %j", (args, expected) => {
    expect(normalised(...args)).toEqual(expected);
  });
});

/** What the parser collects for a command, without running it. */
function parsed(name: string, ...args: string[]): ReturnType<typeof readScanOptions> {
  const command = buildProgram({ code: 0 }).commands.find((candidate) => candidate.name() === name)!;
  command.parseOptions(normalised(...args));
  return readScanOptions(command.opts(), signal);
}

describe("options", () => {
  test("have gitleaks' defaults, and mask", () => {
    expect(parsed("git")).toEqual({
      cache: true,
      enableRules: [],
      ignoreInlineAllow: false,
      exitCode: 1,
      reportFormat: "text",
      secrecy: { kind: "mask" },
      colour: "auto",
      verbose: false,
      logLevel: "info",
      input: true,
      maxTargetBytes: 0,
      maxDecodeDepth: 5,
      maxArchiveDepth: 8,
      timeoutMs: 0,
      delta: true,
      resume: false,
      worktree: false,
      recurseSubmodules: false,
      allTags: false,
      triage: false,
      plainHttp: false,
      mirrors: [],
      followSymlinks: false,
      signal,
    });
  });

  test("every gitleaks option is understood", () => {
    const args =
      `-c a.toml --exit-code 9 -r out.csv -f SARIF -b old.json -l WARN -v --no-color --no-banner --max-target-megabytes 3
      --ignore-gitleaks-allow --redact --enable-rule a,b --enable-rule c -i ignore --max-decode-depth 2 --max-archive-depth 1
      --timeout 60 --log-opts --all --platform github`.split(/\s+/);
    expect(parsed("git", ...args)).toMatchObject({
      config: "a.toml",
      exitCode: 9,
      reportPath: "out.csv",
      reportFormat: "sarif",
      baselinePath: "old.json",
      logLevel: "warn",
      verbose: true,
      colour: "never",
      maxTargetBytes: 3_000_000,
      ignoreInlineAllow: true,
      secrecy: { kind: "redact", percent: 100 },
      enableRules: ["a", "b", "c"],
      ignorePath: "ignore",
      maxDecodeDepth: 2,
      maxArchiveDepth: 1,
      timeoutMs: 60_000,
      selection: { kind: "range", logOpts: "--all", branches: [] },
    });
    expect(parsed("git", "--staged", "--pre-commit").selection).toEqual({ kind: "staged" });
    expect(parsed("git", "--pre-commit").selection).toEqual({ kind: "unstaged" });
    expect(parsed("git", "--log-opts=").selection).toEqual({ kind: "range", logOpts: "", branches: [] });
  });

  test("our own", () => {
    expect(
      parsed(
        "scan",
        ..."--reveal --workers 3 --targets t.txt --resume --worktree --min-severity High --no-input --color always".split(
          " ",
        ),
      ),
    ).toMatchObject({
      secrecy: { kind: "reveal" },
      workers: 3,
      targetsFile: "t.txt",
      journal: "t.txt.journal.jsonl",
      resume: true,
      worktree: true,
      minSeverity: "high",
      input: false,
      colour: "always",
    });
    expect(parsed("scan", ..."--since yesterday --until now --branch a --branch b".split(" ")).selection).toEqual({
      kind: "range",
      since: "yesterday",
      until: "now",
      branches: ["a", "b"],
    });
    expect(parsed("scan", "--journal", "j", "--targets", "t").journal).toBe("j");
    expect(parsed("dir", "--redact=0").secrecy).toEqual({ kind: "reveal" });
    expect(parsed("dir", "--log-level", "err").logLevel).toBe("error");
  });

  test.each([
    [["--resume"], /--resume needs the journal/],
    [["--reveal", "--redact"], /contradict/],
    [["-f", "yaml"], /no report format/],
    [["-l", "loud"], /no log level/],
  ])("%j is refused", (args, message) => {
    expect(() => parsed("scan", ...args)).toThrow(message);
  });

  test("options that one command alone understands are not offered elsewhere", () => {
    const names = (command: Parameters<typeof flagsOf>[0]): string[] => flagsOf(command).map(({ flags }) => flags);
    expect(names("image").join()).not.toMatch(/staged|targets|worktree|symlinks|since|log-opts|branch/);
    expect(names("scan").join()).toMatch(/--targets/);
  });
});
