import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { testWith } from "../require-program.ts";
import { madeSecret, makeDesk, openDesk, type Desk } from "./pushing.ts";

const test = testWith("git");
const zero = "0".repeat(40);
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-hook-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A clone with the hook installed and one clean commit pushed. */
function startedDesk(): Desk {
  const desk = makeDesk(join(folder, String(count++)));
  expect(desk.leaktrace(["hook", "install"]).code).toBe(0);
  desk.commit("base", { "a.txt": "nothing here\n" });
  expect(desk.push("-q", "origin", "main")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("no secrets in 1 new commit, 1 new file"),
  });
  return desk;
}

function remoteId(desk: Desk, ref: string): string {
  return desk.remote.git("for-each-ref", "--format=%(objectname)", ref);
}

describe("a push through the installed hook", () => {
  test("is stopped for a file that a rule knows by its path alone, and says no line of it", () => {
    const desk = startedDesk();
    const rules = `[extend]\nuseDefault = true\n[[rules]]\nid = "by-path"\ndescription = "A file of secrets"\npath = '''\\.vaultfile$'''\n`;
    const bad = desk.commit("keep it", {
      ".gitleaks.toml": rules,
      "deep/er/my.vaultfile": "nothing that a regex finds\n",
    });
    const { code, stderr } = desk.push("origin", "main");
    expect(code).not.toBe(0);
    expect(stderr).toContain(`deep/er/my.vaultfile in commit ${bad.slice(0, 10)}`);
    expect(remoteId(desk, "refs/heads/main")).not.toBe(bad);
    desk.git("reset", "-q", "--hard", "HEAD~1");
    desk.commit("rules alone", { ".gitleaks.toml": rules, "vaultfile.txt": "another name\n" });
    expect(desk.push("origin", "main").code).toBe(0);
  });

  test("is stopped for a secret, also when a later commit deletes it, and goes through once it is amended away", () => {
    const desk = startedDesk();
    const secret = madeSecret("amended");
    const bad = desk.commit("settings for\u001b[31m production", { "conf/prod.env": `A=1\nGITHUB_TOKEN=${secret}\n` });
    const first = desk.push("origin", "main");
    expect(first.code).not.toBe(0);
    expect(first.stderr).toContain("push stopped: it holds a secret");
    expect(first.stderr).toContain(`conf/prod.env:2 in commit ${bad.slice(0, 10)} "settings for\\x1b[31m production"`);
    expect(first.stderr).toContain("git commit --amend");
    expect(first.stderr).toContain("--no-verify");
    expect(first.stderr).not.toContain(secret);
    expect(first.stderr).not.toContain("\u001b");
    expect(remoteId(desk, "refs/heads/main")).not.toBe(bad);

    rmSync(join(desk.path, "conf/prod.env"));
    desk.commit("gone");
    const second = desk.push("origin", "main");
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(`git rebase -i --rebase-merges ${bad.slice(0, 10)}^`);

    desk.git("reset", "-q", "--hard", bad);
    desk.write({ "conf/prod.env": "A=1\n" });
    desk.git("add", "-u");
    desk.git("commit", "-q", "--amend", "--no-edit");
    expect(desk.push("origin", "main").code).toBe(0);
    expect(remoteId(desk, "refs/heads/main")).toBe(desk.git("rev-parse", "HEAD"));
  });

  test("looks at every name that is pushed, and at nothing that the remote has", () => {
    const desk = startedDesk();
    const secret = madeSecret("refs");
    desk.git("checkout", "-qb", "side");
    desk.commit("bad", { "b.txt": `token: ${secret}\n` });
    desk.git("checkout", "-q", "main");
    desk.commit("good", { "c.txt": "fine\n" });
    // Clean names before and after the one that is not.
    const all = desk.push("origin", "main", "side", "main:copy");
    expect(all.code).not.toBe(0);
    expect(all.stderr).toContain("b.txt:1");
    expect(desk.push("origin", "main", "main:copy").code).toBe(0);

    expect(desk.push("--no-verify", "origin", "side").code).toBe(0);
    // What is there already is not new under another name; a file moved on top of it is not, either.
    desk.git("checkout", "-q", "side");
    desk.git("mv", "b.txt", "moved.txt");
    desk.commit("moved");
    expect(desk.push("origin", "side", "side:again").code).toBe(0);
    expect(desk.push("origin", ":again").code).toBe(0);
  });

  test("looks at tags, messages, notes and forced pushes", () => {
    const desk = startedDesk();
    desk.git("tag", "-a", "-m", `release with ${madeSecret("tag")}`, "v1");
    const tag = desk.push("origin", "v1");
    expect(tag.code).not.toBe(0);
    expect(tag.stderr).toContain("message of this tag");
    expect(tag.stderr).toContain("git tag -d");
    desk.git("checkout", "-q", "--orphan", "other");
    const root = desk.commit("root", { "r.txt": `token: ${madeSecret("root")}\n` });
    desk.commit("more", { "s.txt": `token: ${madeSecret("more")}\n` });
    const orphan = desk.push("origin", "other");
    expect(orphan.stderr).toContain("git rebase -i --rebase-merges --root");
    expect(orphan.stderr).toContain(
      `instead of pick for ${root.slice(0, 10)}, ${desk.git("rev-parse", "--short=10", "HEAD")};`,
    );
    desk.git("checkout", "-q", "main");
    desk.git("notes", "add", "-m", `see ${madeSecret("note")}`);
    expect(desk.push("origin", "refs/notes/commits").stderr).toContain("push stopped");
    desk.git("commit", "-q", "--amend", "-m", `base, token ${madeSecret("message")}`);
    const forced = desk.push("--force", "origin", "main");
    expect(forced.stderr).toContain("message of this commit");
    expect(forced.stderr).toContain("push stopped");
    desk.git("commit", "-q", "--amend", "-m", "base, again");
    expect(desk.push("--force", "origin", "main").code).toBe(0);
  });

  test("is stopped for a secret in the name of a file, also of one that was only moved", () => {
    const desk = startedDesk();
    const secret = madeSecret("in a name");
    desk.git("mv", "a.txt", `${secret}.txt`);
    const bad = desk.commit("moved");
    const stopped = desk.push("origin", "main");
    expect(stopped.code).not.toBe(0);
    expect(stopped.stderr).toContain("in the name");
    expect(stopped.stderr).toContain(`in commit ${bad.slice(0, 10)}`);
    expect(stopped.stderr).not.toContain(secret);
    desk.git("reset", "-q", "--hard", "HEAD~1");
    desk.commit("other", { "b.txt": "b\n" });
    expect(desk.push("origin", "main").stderr).toContain("no secrets in 1 new commit, 1 new file");
  });

  test("honours decisions of the repository", () => {
    const desk = startedDesk();
    desk.commit("example", { "doc.md": `token: ${madeSecret("doc")}\n` });
    expect(desk.push("origin", "main").code).not.toBe(0);
    desk.write({ ".gitleaksignore": "doc.md:github-pat-classic:1\n" });
    expect(desk.push("origin", "main")).toMatchObject({ code: 0, stderr: expect.stringContaining("no secrets") });
  });

  test("is stopped where not everything is here, and says how to go on", () => {
    const desk = startedDesk();
    desk.commit("two", { "lib/b.txt": "b\n" });
    const id = desk.git("rev-parse", "HEAD:lib/b.txt");
    rmSync(join(desk.path, ".git/objects", id.slice(0, 2), id.slice(2)));
    const { code, stderr } = desk.leaktrace(
      ["hook", "pre-push", "origin", "url"],
      `HEAD ${desk.git("rev-parse", "HEAD")} refs/heads/main ${zero}\n`,
    );
    expect(code).toBe(3);
    expect(stderr).toContain("not everything in it could be checked");
    expect(stderr).toContain(id);
    expect(stderr).toContain("git fsck");
  });

  test("of a shallow clone is checked where its new commits are whole, and stopped where they are not", () => {
    const desk = startedDesk();
    desk.commit("two", { "b.txt": "b\n" });
    expect(desk.push("-q", "origin", "main").code).toBe(0);
    const path = join(desk.path, "../shallow");
    desk.git("clone", "-q", "--depth", "1", `file://${desk.remote.path}`, path);
    const clone = openDesk(path, desk.remote);
    expect(clone.leaktrace(["hook", "install"]).code).toBe(0);
    clone.commit("three", { "c.txt": "c\n" });
    expect(clone.push("origin", "main").code).toBe(0);
    const { code, stderr } = clone.leaktrace(
      ["hook", "pre-push", "elsewhere", "url"],
      `refs/heads/main ${clone.git("rev-parse", "HEAD")} refs/heads/main ${zero}\n`,
    );
    expect(code).toBe(3);
    expect(stderr).toContain("git fetch --unshallow");
  });

  test("from a linked worktree finds the objects and the hook", () => {
    const desk = startedDesk();
    desk.git("worktree", "add", "-q", "../linked");
    const linked = openDesk(join(desk.path, "../linked"), desk.remote);
    expect(linked.leaktrace(["hook", "status"]).code).toBe(0);
    linked.commit("bad", { "b.txt": `token: ${madeSecret("linked")}\n` });
    expect(linked.push("origin", "HEAD").stderr).toContain("b.txt:1");
  });

  test("needs no git program, and tells of a repository's packs as of loose objects", () => {
    const desk = startedDesk();
    desk.commit("bad", { "b.txt": `token: ${madeSecret("packed")}\n`, "c.txt": "c\n" });
    desk.git("repack", "-adq");
    const line = `refs/heads/main ${desk.git("rev-parse", "HEAD")} refs/heads/main ${remoteId(desk, "refs/heads/main")}\n`;
    const { code, stderr } = desk.leaktrace(["hook", "pre-push", "origin", "url"], line, { PATH: "/nonexistent" });
    expect(code).toBe(1);
    expect(stderr).toContain("b.txt:1");
  });

  test("that is told in words nobody understands is stopped", () => {
    const desk = startedDesk();
    expect(desk.leaktrace(["hook", "pre-push", "origin", "url"], "refs/heads/main\n").code).toBe(2);
    expect(desk.leaktrace(["hook", "pre-push"], "").code).toBe(2);
    // Nothing pushed, or only deleted.
    expect(
      desk.leaktrace(["hook", "pre-push", "origin", "url"], `(delete) ${zero} refs/heads/x ${"1".repeat(40)}\n`),
    ).toEqual({ code: 0, stdout: "", stderr: "" });
    writeFileSync(join(desk.path, ".gitleaks.toml"), "rules = 1\n");
    const line = `refs/heads/main ${desk.git("rev-parse", "HEAD")} refs/heads/main ${zero}\n`;
    expect(desk.leaktrace(["hook", "pre-push", "nowhere", "url"], line).code).toBe(2);
  });

  test("trusts tracking refs only where the remote is fetched and pushed at one place", () => {
    const desk = startedDesk();
    desk.commit("bad", { "b.txt": `token: ${madeSecret("mirror")}\n` });
    expect(desk.push("--no-verify", "-q", "origin", "main").code).toBe(0);
    const line = `refs/heads/main ${desk.git("rev-parse", "HEAD")} refs/heads/new ${zero}\n`;
    const run = (): number | null => desk.leaktrace(["hook", "pre-push", "origin", "url"], line).code;
    expect(run()).toBe(0);
    desk.git("config", "remote.origin.pushurl", "elsewhere");
    expect(run()).toBe(1);
  });
});
