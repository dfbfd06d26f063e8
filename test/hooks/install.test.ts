import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { parsePrePushLines } from "../../src/hooks/index.ts";
import { testWith } from "../require-program.ts";
import { madeSecret, makeDesk, type Desk } from "./pushing.ts";

const test = testWith("git");
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-install-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newDesk = (): Desk => makeDesk(join(folder, `it's ${count++}`));

function addHook(path: string, text: string, mode = 0o755): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe("leaktrace hook", () => {
  test("install, status, uninstall", () => {
    const desk = newDesk();
    const hook = join(desk.path, ".git/hooks/pre-push");
    rmSync(join(desk.path, ".git/hooks"), { recursive: true });
    expect(desk.leaktrace(["hook", "status"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("not installed"),
    });
    expect(desk.leaktrace(["hook", "install"]).code).toBe(0);
    expect(statSync(hook).mode & 0o777).toBe(0o755);
    expect(desk.leaktrace(["hook", "status"])).toMatchObject({ code: 0, stdout: expect.stringContaining("installed") });
    const text = readFileSync(hook, "utf8");
    expect(desk.leaktrace(["hook", "install", "--repo", "."]).stderr).toContain("brought up to date");
    expect(readFileSync(hook, "utf8")).toBe(text);
    expect(desk.leaktrace(["hook", "uninstall"]).code).toBe(0);
    expect(existsSync(hook)).toBe(false);
    expect(desk.leaktrace(["hook", "uninstall"]).stderr).toContain("no hook is installed");
  });

  test("keeps a hook that was there: it runs first with the same arguments and input, and comes back as it was", () => {
    const desk = newDesk();
    const hook = join(desk.path, ".git/hooks/pre-push");
    const log = join(desk.path, "../log");
    const text = `#!/bin/sh -e\n# caf\u00e9\nprintf '%s|' "$@" >'${log.replaceAll("'", "'\\''")}'\ncat >>'${log.replaceAll("'", "'\\''")}'\nexit "\${FORMER_EXIT:-0}"\n`;
    addHook(hook, text, 0o750);
    const before = readFileSync(hook);
    expect(desk.leaktrace(["hook", "install"]).stderr).toContain("runs first");
    const id = desk.commit("bad", { "b.txt": `token: ${madeSecret("former")}\n` });
    const pushed = desk.push("origin", "main");
    expect(pushed.stderr).toContain("b.txt:1");
    expect(readFileSync(log, "utf8")).toBe(
      `origin|${desk.remote.path}|refs/heads/main ${id} refs/heads/main ${"0".repeat(40)}\n`,
    );
    expect(desk.leaktrace(["hook", "uninstall"]).code).toBe(0);
    expect(readFileSync(hook).equals(before)).toBe(true);
    expect(statSync(hook).mode & 0o777).toBe(0o750);
    expect(existsSync(`${hook}.before-leaktrace`)).toBe(false);
  });

  test("a former hook that says no stops the push before anything is scanned", () => {
    for (const first of ["#!/bin/sh", "#!/bin/sh -e"]) {
      const desk = newDesk();
      addHook(join(desk.path, ".git/hooks/pre-push"), `${first}\necho former says no >&2\nexit 7\n`);
      desk.leaktrace(["hook", "install"]);
      desk.commit("base", { "a.txt": "a\n" });
      const { code, stderr } = desk.push("origin", "main");
      expect(code).not.toBe(0);
      expect(stderr).toContain("former says no");
      expect(stderr).not.toContain("leaktrace:");
    }
  });

  test("a former hook that goes by its name still finds what it looks for; one that git would not run is not run", () => {
    const desk = newDesk();
    const hooks = join(desk.path, ".husky/_");
    desk.git("config", "core.hooksPath", ".husky/_");
    addHook(join(hooks, "pre-push"), '#!/usr/bin/env sh\n. "${0%/*}/h"\n');
    addHook(join(hooks, "h"), 'name=${0##*/}\nsh -e "${0%/*}/../$name" "$@" || exit $?\n', 0o644);
    addHook(join(hooks, "../pre-push"), "echo user hook for $1 >&2\nexit 9\n", 0o644);
    const installed = desk.leaktrace(["hook", "install"]);
    expect([installed.code, installed.stderr.includes("husky writes this folder anew")]).toEqual([0, true]);
    expect(existsSync(join(desk.path, ".git/hooks/pre-push"))).toBe(false);
    desk.commit("base", { "a.txt": "a\n" });
    const { code, stderr } = desk.push("origin", "main");
    expect(code).not.toBe(0);
    expect(stderr).toContain("user hook for origin");
    chmodSync(join(hooks, "pre-push.before-leaktrace"), 0o644);
    expect(desk.push("origin", "main").stderr).toContain("no secrets");
  });

  test("a former hook that is a link leads where it led", () => {
    const desk = newDesk();
    const hook = join(desk.path, ".git/hooks/pre-push");
    addHook(join(desk.path, "scripts/check"), "#!/bin/sh\necho linked >&2\n");
    symlinkSync("../../scripts/check", hook);
    expect(desk.leaktrace(["hook", "install"]).code).toBe(0);
    desk.commit("base", { "a.txt": "a\n" });
    expect(desk.push("origin", "main").stderr).toMatch(/linked\nleaktrace: no secrets/);
    desk.leaktrace(["hook", "uninstall"]);
    expect(readFileSync(hook, "utf8")).toBe("#!/bin/sh\necho linked >&2\n");
  });

  test("never overwrites a hook that came after it", () => {
    const desk = newDesk();
    const hook = join(desk.path, ".git/hooks/pre-push");
    addHook(hook, "#!/bin/sh\n# one\n");
    desk.leaktrace(["hook", "install"]);
    addHook(hook, "#!/bin/sh\n# two\n");
    expect(desk.leaktrace(["hook", "install"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Neither is overwritten"),
    });
    expect(desk.leaktrace(["hook", "uninstall"]).stderr).toContain("left as it is");
    expect(readFileSync(hook, "utf8")).toBe("#!/bin/sh\n# two\n");
    // The same hook written again by its program is no other one.
    addHook(hook, "#!/bin/sh\n# one\n");
    expect(desk.leaktrace(["hook", "install"]).code).toBe(0);
  });

  test("goes to core.hooksPath, also without a git program to ask", () => {
    const desk = newDesk();
    desk.git("config", "core.hooksPath", "tools/hooks");
    for (const environment of [{}, { PATH: "/nonexistent" }]) {
      expect(desk.leaktrace(["hook", "install"], "", environment).code).toBe(0);
      expect(existsSync(join(desk.path, "tools/hooks/pre-push"))).toBe(true);
      desk.leaktrace(["hook", "uninstall"], "", environment);
      expect(existsSync(join(desk.path, "tools/hooks/pre-push"))).toBe(false);
    }
    desk.git("config", "core.hooksPath", join(desk.path, "../everyone"));
    expect(desk.leaktrace(["hook", "install"]).stderr).toContain("leads out of this repository");
  });

  test("without the program stops the push and says so", () => {
    const desk = newDesk();
    desk.leaktrace(["hook", "install"]);
    const hook = join(desk.path, ".git/hooks/pre-push");
    writeFileSync(hook, readFileSync(hook, "utf8").replace(/^program=.*$/m, "program=/nonexistent"));
    desk.commit("base", { "a.txt": "a\n" });
    const { code, stderr } = desk.push("origin", "main");
    expect(code).not.toBe(0);
    expect(stderr).toContain("nothing was checked");
    expect(stderr).toContain("--no-verify");
  });

  test("says what it does not understand", () => {
    const desk = newDesk();
    expect(desk.leaktrace(["hook"]).code).toBe(2);
    expect(desk.leaktrace(["hook", "instal"]).code).toBe(2);
    expect(desk.leaktrace(["hook", "install", "--bogus"]).code).toBe(2);
    expect(desk.leaktrace(["hook", "install", "--repo", "/nonexistent"]).code).toBe(2);
    expect(desk.leaktrace(["hook", "--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("pre-push") });
  });
});

describe("what git says to a pre-push hook", () => {
  test("is read to the last line, whatever the local name looks like", () => {
    const a = "a".repeat(40);
    const b = "b".repeat(64);
    const zero = "0".repeat(40);
    expect(
      parsePrePushLines(
        `refs/heads/x ${a} refs/heads/x ${zero}\nHEAD^{/fix the bug} ${b} refs/heads/y ${"0".repeat(64)}\r\n(delete) ${zero} refs/heads/z ${a}\n`,
      ),
    ).toEqual([
      { localRef: "refs/heads/x", localId: a, remoteRef: "refs/heads/x" },
      { localRef: "HEAD^{/fix the bug}", localId: b, remoteRef: "refs/heads/y" },
      { remoteRef: "refs/heads/z", remoteId: a },
    ]);
    expect(parsePrePushLines("")).toEqual([]);
    expect(() => parsePrePushLines(`refs/heads/x ${a} refs/heads/x`)).toThrow("line 1");
  });
});
