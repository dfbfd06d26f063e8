import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { testWith } from "../require-program.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const temporary = join(folder, "tmp");
mkdirSync(temporary);
const env = { ...process.env, TMPDIR: temporary };

function git(repository: string, ...args: string[]): string {
  const who = ["-c", "user.name=Dana Example", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false"];
  const ran = spawnSync("git", ["-C", repository, ...who, ...args], {
    encoding: "utf8",
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      GIT_AUTHOR_DATE: "2024-03-04T05:06:07Z",
    },
  });
  expect([args, ran.status]).toEqual([args, 0]);
  return ran.stdout.trim();
}

function commit(repository: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(repository, name), text);
  git(repository, "add", "-A");
  git(repository, "commit", "-m", "change");
  return git(repository, "rev-parse", "HEAD");
}

/** The files below a folder, by their paths under `prefix`. */
function filesBelow(path: string, prefix: string): Record<string, Uint8Array> {
  const found = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    found.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [`${prefix}/${relative(path, file)}`, readFileSync(file)];
    }),
  );
}

interface Line {
  readonly secret?: string;
  readonly sightings?: readonly { origin: Record<string, unknown> & { kind: string } }[];
}

function scan(...targets: string[]): {
  origins: (seed: string) => (Record<string, unknown> & { kind: string })[];
  stderr: string;
  code: number | null;
} {
  const ran = leaktrace(["scan", ...targets, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal", "--no-cache"], {
    cwd: folder,
    env,
  });
  const lines = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return {
    ...{ stderr: ran.stderr, code: ran.code },
    origins: (seed) => lines.find(({ secret }) => secret === probe(seed))?.sightings?.map(({ origin }) => origin) ?? [],
  };
}

describe("a repository inside of an image", () => {
  testWith("git")(
    "is read whole: packs, later layers, what a layer deleted; nothing outside of it, and nothing stays",
    { timeout: 120_000 },
    async () => {
      const repository = join(folder, "repository");
      const stranger = join(folder, "stranger");
      for (const path of [repository, stranger]) git(folder, "init", "-q", "-b", "main", path);
      commit(stranger, { "a.env": `A=${probe("stranger")}\n` });
      const first = commit(repository, { "a.env": `A=${probe("packed")}\n` });
      commit(repository, { "a.env": "A=\n" });
      git(repository, "gc", "-q");
      const packed = filesBelow(join(repository, ".git"), "app/.git");
      commit(repository, { "b.env": `A=${probe("loose")}\n` });
      const later = Object.fromEntries(
        Object.entries(filesBelow(join(repository, ".git"), "app/.git")).filter(
          ([name]) => packed[name] === undefined || name.includes("refs/heads"),
        ),
      );
      const path = join(folder, "app.tar");
      const alternates = {
        "app/.git/objects/info/alternates": `${join(stranger, ".git/objects")}\n`,
        "app/.git/commondir": `${join(stranger, ".git")}\n`,
      };
      const escape = [
        { path: "app/.git/refs/../../../../escaped", body: "x" },
        { path: "app/.git/refs/heads/link", type: "symlink", target: "/etc/passwd" },
      ] as const;
      await buildImage(
        {
          tag: "app:1",
          layers: [
            { files: { ...packed, ...alternates }, entries: escape },
            { files: later },
            { whiteouts: ["app/.git"] },
          ],
        },
        { path, format: "docker-archive" },
      );
      const told = scan(path);
      expect(told.origins("packed")).toMatchObject([
        {
          kind: "git",
          repository: `${path}:app:1!app/.git`,
          path: "a.env",
          commit: { id: first, author: "Dana Example", date: "2024-03-04T05:06:07Z" },
        },
      ]);
      expect(told.origins("loose")).toMatchObject([{ kind: "git", path: "b.env" }]);
      expect(told.origins("stranger")).toEqual([]);
      // A copy of a stream goes with the scan; what lies in it is scanned all the same.
      const streamed = leaktrace(["image", "-", "-c", rules, "-f", "jsonl", "-r", "-", "--reveal"], {
        ...{ cwd: folder, env, input: readFileSync(path) },
      });
      for (const seed of ["packed", "loose"]) expect(streamed.stdout).toContain(probe(seed));
      expect(readdirSync(temporary)).toEqual([]);
      expect(() => statSync(join(folder, "escaped"))).toThrow("ENOENT");
      expect([told.code, told.stderr]).toEqual([1, expect.not.stringContaining("not scanned")]);
    },
  );

  testWith("git")(
    "that is damaged makes the scan incomplete, and the problem is the image's",
    { timeout: 120_000 },
    async () => {
      const repository = join(folder, "damaged");
      git(folder, "init", "-q", "-b", "main", repository);
      commit(repository, { "a.txt": "text\n".repeat(1000) });
      git(repository, "gc", "-q");
      const files = Object.entries(filesBelow(join(repository, ".git"), "srv/app.git")).map(([name, bytes]) => {
        if (!name.endsWith(".pack")) return [name, bytes] as const;
        return [name, Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(bytes.length - 40)])] as const;
      });
      const path = join(folder, "damaged.tar");
      await buildImage(
        { tag: "app:1", layers: [{ files: Object.fromEntries(files) }] },
        { path, format: "docker-archive" },
      );
      const told = scan(path);
      expect(told.code).toBe(3);
      expect(told.stderr).toContain(`${path}:app:1!srv/app.git`);
    },
  );
});

describe("an image and the repository that it was made of", () => {
  testWith("git")(
    "are joined: the place in the image names the commit that put the same file there",
    { timeout: 120_000 },
    async () => {
      const repository = join(folder, "source");
      git(folder, "init", "-q", "-b", "main", repository);
      const id = commit(repository, { "a.env": `A=${probe("joined")}\n` });
      commit(repository, { "a.env": "A=\n" });
      const path = join(folder, "joined.tar");
      const files = { "app/a.env": `A=${probe("joined")}\n`, "app/other.env": `B=2\nA=${probe("joined")}\n` };
      await buildImage(
        { tag: "app:1", layers: [{ files, instruction: "COPY . /app" }] },
        { path, format: "oci-archive" },
      );
      const mark = { id, author: "Dana Example", email: "dana@example.com", date: "2024-03-04T05:06:07Z" };
      const wanted = [
        { path: "app/a.env", committed: { repository, path: "a.env", commit: mark, isSameFile: true } },
        { path: "app/other.env", committed: { repository, path: "a.env", commit: mark, isSameFile: false } },
      ];
      expect(
        scan(path, repository)
          .origins("joined")
          .filter(({ kind }) => kind === "image"),
      ).toMatchObject(wanted);
      const list = join(folder, "list");
      writeFileSync(list, `${path}\n${repository}\n`);
      const swept = leaktrace(["scan", "--targets", list, "-c", rules, "-f", "text", "-r", "-", "--no-cache"], {
        cwd: folder,
        env,
      });
      expect(swept.stdout).toContain(
        `the same file is in ${repository}: a.env since ${id.slice(0, 12)} · 2024-03-04 · Dana`,
      );
    },
  );
});

testWith("git")(
  "a repository in the context of a build: the build would take it along, and fix keeps it out of the next",
  { timeout: 60_000 },
  async () => {
    const context = join(folder, "context");
    mkdirSync(context);
    git(context, "init", "-q", "-b", "main");
    commit(context, { "app.env": `A=${probe("only in history")}\n`, Dockerfile: "FROM scratch\nCOPY . /app\n" });
    commit(context, { "app.env": "A=\n" });
    const image = join(folder, "context.tar");
    const files = filesBelow(context, "app");
    await buildImage(
      { tag: "app:1", layers: [{ files, instruction: "COPY . /app" }] },
      { path: image, format: "oci-archive" },
    );
    const run = (...args: string[]) => leaktrace([...args, "-c", rules, "--no-cache"], { cwd: folder, env });
    const said = "Dockerfile line 2 takes the repository with its history into the image";
    expect(run("dir", "context").stderr).toContain(`context/.git: ${said}`);
    const fixed = run("fix", image, "context", "--patch", "history.patch");
    expect(fixed.code).toBe(0);
    expect(fixed.stdout).toContain("app/.git holds it in its history: keep the repository out of the context");
    expect(fixed.stdout).toMatch(/manifest +sha256:/);
    git(context, "apply", join(folder, "history.patch"));
    expect(readFileSync(join(context, ".dockerignore"), "utf8")).toBe(".git\n");
    expect(run("dir", "context").stderr).not.toContain(said);
    const left = Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith("app/.git/")));
    const fresh = join(folder, "without.tar");
    await buildImage({ tag: "app:2", layers: [{ files: left }] }, { path: fresh, format: "oci-archive" });
    expect(run("verify-fix", image, fresh).stdout).toContain("1 of 1 secret gone, 0 left, 0 new.");
  },
);
