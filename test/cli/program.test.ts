import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { overview } from "../../src/cli/help.ts";
import { reportFailure } from "../../src/cli/exit.ts";
import { ToolError } from "../../src/model/problem.ts";
import { testWith } from "../require-program.ts";

const program = fileURLToPath(new URL("../../bin/leaktrace.js", import.meta.url));

function leaktrace(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8", input: "" });
  return { code: status, stdout, stderr };
}

describe("the program", () => {
  test("without arguments says what it is", () => {
    expect(leaktrace()).toEqual({ code: 0, stdout: overview, stderr: "" });
    expect(leaktrace("--help")).toEqual({ code: 0, stdout: overview, stderr: "" });
    expect(overview.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("tells its version", () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    for (const spelling of ["version", "--version"]) {
      const { code, stdout, stderr } = leaktrace(spelling);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(manifest).toMatchObject({ version: stdout.trimEnd() });
    }
  });

  test("that may open next to no files says so in one line", () => {
    for (const count of [20, 21, 22, 24]) {
      const limited = ["-c", `ulimit -n ${count} && exec "$@"`, "sh", process.execPath, program, "dir", "."];
      const { status, stderr } = spawnSync("sh", limited, { encoding: "utf8", input: "" });
      expect(status).toBe(2);
      expect(stderr).toMatch(/^leaktrace: [^\n]*EMFILE[^\n]*\n$/);
    }
  });

  test("suggests the nearest command and option, with exit code 2", () => {
    expect(leaktrace("scna")).toEqual({
      code: 2,
      stdout: "",
      stderr: "leaktrace: unknown command 'scna'\n  Did you mean scan?\n",
    });
    expect(leaktrace("git", "--confg", "x")).toEqual({
      code: 2,
      stdout: "",
      stderr: "leaktrace: unknown option '--confg'\n  Did you mean --config?\n",
    });
  });

  test.each([
    ["filesystem", /^leaktrace: unknown command 'filesystem'\n {2}here: leaktrace dir FOLDER\n$/],
    ["sweep", /here: leaktrace scan --targets FILE/],
    ["git --only-verified", /here: no secret is sent anywhere/],
    ["git --since-commit=abc", /here: --log-opts "COMMIT\.\.HEAD"/],
    ["image --input app.tar", /here: .*leaktrace image app\.tar/],
  ])("%s is what another program calls it: ours is told", (line, message) => {
    const { code, stderr } = leaktrace(...line.split(" "));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test.each([
    [["git", "--exit-code", "300"], /whole number from 0 to 255/],
    [["scan", "--min-severity", "awful"], /one of critical, high/],
    [["git", "--redact=101"], /0 to 100/],
    [["git", "a", "b"], /too many arguments/],
    [["image"], /missing required argument/],
    [["git", "-f", "yaml"], /no report format "yaml"\n {2}The formats are text/],
    [["completion", "tcsh"], /no completion for tcsh/],
    [["scan", "-r", "/nowhere/at/all.json"], /cannot write the report/],
  ])("%j is wrong usage", (args, message) => {
    const { code, stdout, stderr } = leaktrace(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^leaktrace: /);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("help of a command begins with examples, and both ways agree", () => {
    const { code, stdout } = leaktrace("git", "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}leaktrace git\n/);
    expect(leaktrace("help", "git").stdout).toBe(stdout);
    for (const group of ["What to scan:", "Rules and decisions:", "Report:", "Limits:", "Exit codes:"]) {
      expect(stdout).toContain(group);
    }
  });

  test("the overview names every command that is not hidden", () => {
    for (const command of buildProgram({ code: 0 }).commands) {
      const isHidden = ["detect", "protect", "demo", "help"].includes(command.name());
      if (!isHidden) expect(overview).toContain(`\n  ${command.name()} `.replace("version ", "version"));
    }
  });

  test("a reader who leaves early is no error", () => {
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", `set -o pipefail; "$0" "$1" completion fish | head -c 1 > /dev/null`, process.execPath, program],
      {
        encoding: "utf8",
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("where the machine does not go along", () => {
  const shell = (script: string): { code: number | null; stderr: string } => {
    const { status, stderr } = spawnSync("bash", ["-c", script, process.execPath, program], { encoding: "utf8" });
    return { code: status, stderr };
  };

  test.skipIf(process.platform !== "linux")(
    "a result that cannot be written ends with code 2, not with that of a find",
    () => {
      expect(shell(`"$0" "$1" version > /dev/full`)).toEqual({
        code: 2,
        stderr: "leaktrace: cannot write to standard output (ENOSPC)\n",
      });
    },
  );

  test.skipIf(process.platform !== "linux")("what stderr cannot take changes nothing", () => {
    expect(shell(`"$0" "$1" config show > /dev/null 2> /dev/full`).code).toBe(0);
  });

  test.skipIf(process.platform === "win32")("a current folder that is gone is one line", () => {
    const gone = mkdtempSync(join(tmpdir(), "leaktrace-test-"));
    expect(shell(`cd '${gone}' && rmdir '${gone}' && "$0" "$1" scan .`)).toEqual({
      code: 2,
      stderr: "leaktrace: the current folder is gone; change to one that is there\n",
    });
  });

  test("a folder for temporary files that is not there is one line and a hint", () => {
    const { status, stderr } = spawnSync(process.execPath, [program, "image", "-"], {
      encoding: "utf8",
      input: "no archive",
      env: { ...process.env, TMPDIR: "/nowhere", TMP: "/nowhere", TEMP: "/nowhere" },
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^leaktrace: nothing can be put into .*\/nowhere \(ENOENT\)\n {2}Set TMPDIR .*\n$/),
    });
  });
});

describe("failures", () => {
  function said(error: unknown): string {
    let text = "";
    expect(reportFailure(error, (more) => (text += more))).toBe(2);
    return text;
  }

  test("that people can help are one line and a hint", () => {
    expect(said(new ToolError("x", "no\x1b[2J\nsuch thing", { hint: "Do that." }))).toBe(
      "leaktrace: no\\x1b[2J\\nsuch thing\n  Do that.\n",
    );
  });

  test("of the machine are one line", () => {
    const error = Object.assign(new Error("x"), { code: "ENOSPC", syscall: "write", path: "/tmp/\x1b[2J" });
    expect(said(error)).toBe("leaktrace: no space is left on the disk (ENOSPC write /tmp/\\x1b[2J)\n");
  });

  test("that are bugs show where", () => {
    expect(said(new Error("odd"))).toMatch(/^leaktrace: this is a bug, please report it\n {2}Error: odd\n {2} {4}at /);
    expect(said("odd")).toContain("odd");
  });
});

describe("completion", () => {
  /** What bash would offer for each command line, whose last word is being typed. */
  function offered(lines: readonly (readonly string[])[]): string[][] {
    const ask = lines.map(
      (words) =>
        `COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}; _leaktrace; echo "\${COMPREPLY[*]}"`,
    );
    const { stdout, stderr } = spawnSync(
      "bash",
      ["-c", `${leaktrace("completion", "bash").stdout}\n${ask.join("\n")}`],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
  }

  test("bash completes commands, options and their values", () => {
    const [command, option, value, sub, nested, hidden, , short, hook] = offered([
      ["leaktrace", "rev"],
      ["leaktrace", "git", "--report-"],
      ["leaktrace", "git", "--report-format", "s"],
      ["leaktrace", "rules", ""],
      ["leaktrace", "rules", "list", "--c"],
      ["leaktrace", "dete"],
      ["leaktrace", "version", ""],
      ["leaktrace", "git", "-f", "s"],
      ["leaktrace", "hook", "u"],
    ]);
    expect({ command, option, value, nested, hidden, short, hook }).toEqual({
      command: ["review"],
      option: ["--report-path", "--report-format", "--report-template"],
      value: ["sarif"],
      short: ["sarif"],
      hook: ["uninstall"],
      nested: ["--config"],
      hidden: [""],
    });
    expect(sub).toEqual(expect.arrayContaining(["list", "show"]));
  });

  testWith("zsh")("zsh accepts its script", () => {
    const { status, stderr } = spawnSync("zsh", ["-n"], {
      encoding: "utf8",
      input: leaktrace("completion", "zsh").stdout,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  testWith("fish")("fish accepts its script", () => {
    const folder = mkdtempSync(join(tmpdir(), "leaktrace-fish-"));
    try {
      const script = join(folder, "leaktrace.fish");
      writeFileSync(script, leaktrace("completion", "fish").stdout);
      const { status, stderr } = spawnSync("fish", ["--no-execute", script], { encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
