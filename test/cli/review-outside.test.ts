import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { commitPage, linePage } from "../../src/cli/review/commit-page.ts";
import { createOutside } from "../../src/cli/review/outside.ts";
import { fileOrigin, gitOrigin, makeFinding, makeSighting } from "../review/make-finding.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-outside-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const id = "ab".repeat(20);

test.each([
  ["https://github.com/acme/shop.git", `https://github.com/acme/shop/commit/${id}`],
  ["https://user:token@github.com/acme/shop", `https://github.com/acme/shop/commit/${id}`],
  ["git@gitlab.example.com:team/api/core.git", `https://gitlab.example.com/team/api/core/-/commit/${id}`],
  ["ssh://git@example.com:2222/a/b.git", `https://example.com/a/b/commit/${id}`],
  ["https://bitbucket.org/a/b", `https://bitbucket.org/a/b/commits/${id}`],
  ["git@bitbucket.org:a/b.git", `https://bitbucket.org/a/b/commits/${id}`],
  ["ssh://git@ssh.github.com:443/acme/shop.git", `https://github.com/acme/shop/commit/${id}`],
  ["git://github.com/acme/shop.git", `https://github.com/acme/shop/commit/${id}`],
  ["github.com:acme/shop.git", `https://github.com/acme/shop/commit/${id}`],
  ["https://gitlab.com/group/sub/project.git/", `https://gitlab.com/group/sub/project/-/commit/${id}`],
  ["https://gitea.example.com:3000/team/app.git", `https://gitea.example.com:3000/team/app/commit/${id}`],
  ["http://git.lan:3000/team/app", `http://git.lan:3000/team/app/commit/${id}`],
  ["https://codeberg.org/team/app.git", `https://codeberg.org/team/app/commit/${id}`],
  ["https://me@dev.azure.com/acme/Big%20Shop/_git/api", `https://dev.azure.com/acme/Big%20Shop/_git/api/commit/${id}`],
  ["git@ssh.dev.azure.com:v3/acme/shop/api", `https://dev.azure.com/acme/shop/_git/api/commit/${id}`],
  ["acme@vs-ssh.visualstudio.com:v3/acme/shop/api", `https://acme.visualstudio.com/shop/_git/api/commit/${id}`],
  ["https://code.acme.com/scm/pay/core.git", `https://code.acme.com/projects/pay/repos/core/commits/${id}`],
  ["https://acme.com/git/scm/pay/core.git", `https://acme.com/git/projects/pay/repos/core/commits/${id}`],
  ["ssh://git@bitbucket.acme.com:7999/~ada/x.git", `https://bitbucket.acme.com/users/ada/repos/x/commits/${id}`],
  [
    "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop",
    `https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/shop/commit/${id}?region=eu-west-1`,
  ],
  ["https://go.googlesource.com/a/tools", `https://go.googlesource.com/tools/+/${id}`],
  ["work:acme/shop.git", undefined],
  ["C:/src/shop.git", undefined],
  ["/srv/git/shop.git", undefined],
  ["file:///srv/git", undefined],
  ["https://example.com/a b;rm", undefined],
  ["https://example.com/$(id)", undefined],
])("the page of a commit of %s", (remote, expected) => {
  expect(commitPage(remote, id)).toBe(expected);
});

const line = { commit: id, path: "a b/ü%.ts", startLine: 3, endLine: 3 };
const path = "a%20b/%C3%BC%25.ts";

test.each([
  ["https://github.com/acme/shop.git", {}, undefined, `https://github.com/acme/shop/blob/${id}/${path}#L3`],
  ["git@github.com:acme/shop.git", { endLine: 5 }, undefined, `https://github.com/acme/shop/blob/${id}/${path}#L3-L5`],
  [
    "git@github.com:acme/shop.git",
    { path: "README.md" },
    undefined,
    `https://github.com/acme/shop/blob/${id}/README.md?plain=1#L3`,
  ],
  ["https://gitlab.com/a/b/c.git", { endLine: 5 }, undefined, `https://gitlab.com/a/b/c/blob/${id}/${path}#L3-5`],
  ["https://codeberg.org/a/b", {}, undefined, `https://codeberg.org/a/b/src/commit/${id}/${path}#L3`],
  ["https://bitbucket.org/a/b", { endLine: 5 }, undefined, `https://bitbucket.org/a/b/src/${id}/${path}#lines-3:5`],
  [
    "git@ssh.dev.azure.com:v3/acme/shop/api",
    {},
    undefined,
    `https://dev.azure.com/acme/shop/_git/api/commit/${id}?path=/${path}&line=3&lineEnd=3&lineStartColumn=1&lineEndColumn=10000000&type=2&lineStyle=plain&_a=files`,
  ],
  ["https://git.example.com/a/b", {}, undefined, undefined],
  ["https://git.example.com/a/b", {}, "github", `https://git.example.com/a/b/blob/${id}/${path}#L3`],
  ["https://github.com/a/b", {}, "none", undefined],
  ["https://github.com/a/b", { path: "" }, undefined, undefined],
  ["https://github.com/a/b", { commit: "main" }, undefined, undefined],
] as const)("the page of a line of %s, %j, %s", (remote, fields, platform, expected) => {
  expect(linePage(remote, { ...line, ...fields }, platform)).toBe(expected);
});

test("the editor opens files that are there, at the line; its variable may hold flags", async () => {
  const path = join(folder, "-a b.env");
  writeFileSync(path, "x\n");
  const finding = makeFinding(1, { sightings: [makeSighting(fileOrigin(path)), makeSighting(fileOrigin("/no/such"))] });
  const edit = (env: Record<string, string>, place = 0) => createOutside(env).edit(finding, place);
  expect(await edit({ EDITOR: "nano -w" })).toEqual({
    command: "/bin/sh",
    args: ["-c", 'nano -w "$@"', "sh", "+3", path],
  });
  expect(await edit({ VISUAL: "code --wait", EDITOR: "nano" })).toMatchObject({
    args: ["-c", 'code --wait "$@"', "sh", "--goto", `${path}:3`],
  });
  expect(await edit({}, 1)).toContain("no file of it is here");
});

test("a file of a repository is edited where it is checked out, and nothing outside of it", async () => {
  mkdirSync(join(folder, "shop", "conf"), { recursive: true });
  writeFileSync(join(folder, "shop", "conf", "a.env"), "x\n");
  writeFileSync(join(folder, "outside.env"), "x\n");
  const at = (path: string, repository: string) =>
    createOutside({}).edit(makeFinding(1, { sightings: [makeSighting(gitOrigin(path, { repository }))] }), 0);
  expect(await at("conf/a.env", join(folder, "shop"))).toMatchObject({ command: "/bin/sh" });
  expect(await at("conf/a.env", join(folder, "shop", ".git"))).toMatchObject({ command: "/bin/sh" });
  expect(await at("../outside.env", join(folder, "shop"))).toBeTypeOf("string");
});
