import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildImage, type FixtureLayer } from "../../fixtures/images/build-image.ts";
import { testWith } from "../require-program.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = ["-c", probeRules(folder), "--no-cache"];
const env = (seed: string): string => `A=${probe(seed)}\n`;

async function image(
  name: string,
  layers: readonly FixtureLayer[],
  variables: readonly string[] = [],
): Promise<string> {
  const path = join(folder, name);
  await buildImage({ tag: "app:1", layers, env: variables }, { path, format: "oci-archive" });
  return path;
}

describe("leaktrace verify-fix", () => {
  test("says of each secret what became of it", { timeout: 60_000 }, async () => {
    const names = ["gone", "buried", "moved", "kept", "configured"];
    const files = Object.fromEntries(names.map((name) => [`${name}.env`, env(name)]));
    const old = await image("old.tar", [{ files }]);
    const fresh = await image(
      "new.tar",
      [
        {
          files: {
            "buried.env": env("buried"),
            "elsewhere.env": env("moved"),
            "kept.env": env("kept"),
            "new.env": env("new"),
          },
        },
        { whiteouts: ["buried.env"] },
      ],
      [`X=${probe("configured")}`],
    );
    const lines = (...args: string[]): string[] => {
      const ran = leaktrace(["verify-fix", ...args, ...rules]);
      expect(ran.code).toBe(1);
      return ran.stdout
        .trim()
        .split("\n")
        .map((line) => line.replaceAll(fresh, "NEW").replace(/prb_\.*\w+ {2}probe/, "…"))
        .map((line) => line.split(" · ")[0]!.replace(/ {2,}/g, " "))
        .sort();
    };
    const wanted = [
      "1 of 5 secrets gone, 4 left, 1 new.",
      "gone …",
      "moved … NEW:app:1 (linux/amd64): elsewhere.env:1:3",
      "new … NEW:app:1 (linux/amd64): new.env:1:3",
      "still in a lower layer … NEW:app:1 (linux/amd64): buried.env:1:3",
      "still in the configuration … NEW:app:1 (linux/amd64): config!Env[X]:1:3",
      "still there … NEW:app:1 (linux/amd64): kept.env:1:3",
    ];
    expect(lines(old, fresh)).toEqual(wanted);
    const report = join(folder, "old.jsonl");
    leaktrace(["image", old, ...rules, "-f", "jsonl", "-r", report]);
    expect(lines(report, fresh)).toEqual(wanted);
  });

  test(
    "ends with 0 where nothing is left, with 3 where that cannot be known, with 2 for what is no image",
    { timeout: 60_000 },
    async () => {
      const old = await image("some.tar", [{ files: { "a.env": env("a") } }]);
      const clean = await image("clean.tar", [{ files: { "a.env": "A=\n" } }]);
      expect(leaktrace(["verify-fix", old, clean, ...rules])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("1 of 1 secret gone, 0 left, 0 new.") as string,
      });
      const gap = join(folder, "gap");
      await buildImage({ layers: [{ files: { "a.env": "A=\n" } }] }, { path: gap, format: "oci-layout" });
      const blobs = join(gap, "blobs/sha256");
      for (const blob of readdirSync(blobs)) if (readFileSync(join(blobs, blob))[0] === 0x1f) rmSync(join(blobs, blob));
      expect(leaktrace(["verify-fix", old, gap, ...rules]).code).toBe(3);
      expect(leaktrace(["verify-fix", old, join(folder, "none.tar"), ...rules])).toMatchObject({ code: 2, stdout: "" });
      expect(leaktrace(["verify-fix", old]).code).toBe(2);
    },
  );
});

testWith("umoci")(
  "verify-fix names what a layout keeps without a tag, and how that goes",
  { timeout: 60_000 },
  async () => {
    const layout = join(folder, "reused");
    await buildImage(
      { tag: "app", layers: [{ files: { "a.env": env("tagged once") } }] },
      { path: layout, format: "oci-layout" },
    );
    const report = join(folder, "reused.jsonl");
    leaktrace(["image", layout, ...rules, "-f", "jsonl", "-r", report]);
    for (const args of [
      ["rm", "--image", `${layout}:app`],
      ["new", "--image", `${layout}:app`],
    ])
      expect(spawnSync("umoci", args, { encoding: "utf8" })).toMatchObject({ status: 0 });
    const kept = leaktrace(["verify-fix", report, layout, ...rules]);
    expect(kept.code).toBe(1);
    expect(kept.stdout).toMatch(/^still without a tag +prb_/);
    expect(kept.stdout).toContain(`umoci gc --layout ${layout}`);
    expect(leaktrace(["verify-fix", report, `oci:${layout}:app`, ...rules]).code).toBe(0);
    expect(spawnSync("umoci", ["gc", "--layout", layout], { encoding: "utf8" })).toMatchObject({ status: 0 });
    expect(leaktrace(["verify-fix", report, layout, ...rules]).code).toBe(0);
  },
);

describe("leaktrace fix", () => {
  /** A base with a shell in it: FROM scratch has none, and tests ask no registry. */
  function addShell(context: string): void {
    for (const program of ["/bin/dash", "/bin/cat", "/bin/rm"]) {
      const libraries = spawnSync("ldd", [program], { encoding: "utf8" }).stdout.match(/\/\S+/g) ?? [];
      for (const file of [program, ...libraries]) {
        const to = join(context, "base", file === "/bin/dash" ? "/bin/sh" : file);
        mkdirSync(dirname(to), { recursive: true });
        copyFileSync(file, to);
        chmodSync(to, 0o755);
      }
    }
  }

  function run(command: string, args: readonly string[], cwd: string): void {
    const ran = spawnSync(command, args, { cwd, encoding: "utf8" });
    expect([command, ...args, ran.status, ran.stderr]).toEqual([command, ...args, 0, ran.stderr]);
  }

  testWith("buildah")(
    "gives a patch whose image holds none of them, and hides no secret unless asked",
    { timeout: 240_000 },
    () => {
      const context = join(folder, "context");
      mkdirSync(join(context, "app"), { recursive: true });
      addShell(context);
      writeFileSync(join(context, "app/.env"), env("copied"));
      writeFileSync(join(context, "app/main.txt"), "main\n");
      writeFileSync(
        join(context, "Dockerfile"),
        [
          ...[
            "FROM scratch",
            "COPY base /",
            `ENV KEPT=1 TOKEN=${probe("env")}`,
            `ARG BUILD=${probe("arg")}`,
            "COPY app /app",
          ],
          ...[
            'RUN echo "$TOKEN" > /used \\',
            "  && rm -f /app/.env",
            `RUN echo "${probe("run")}" > /inline; rm /inline`,
            "RUN rm /used",
            'CMD ["/bin/sh"]',
            "",
          ],
        ].join("\n"),
      );
      const store = ["--root", join(folder, "store"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
      const build = (from: string, name: string, ...more: string[]): string => {
        run("buildah", [...store, "bud", "--isolation", "chroot", "--layers", "-q", ...more, "-t", name, from], folder);
        run("buildah", [...store, "push", "-q", name, `oci-archive:${join(folder, name)}.tar:${name}`], folder);
        return `${join(folder, name)}.tar`;
      };
      const old = build(context, "before");
      const masked = leaktrace(["fix", old, context, ...rules]);
      expect(masked.code).toBe(0);
      for (const seed of ["copied", "env", "arg", "run"]) expect(masked.stdout).not.toContain(probe(seed));
      expect(masked.stdout).toContain("--reveal writes a patch that can be applied");
      expect(masked.stdout).toMatch(/manifest +sha256:[0-9a-f]{64}/);
      const patch = join(folder, "fix.patch");
      const shown = leaktrace(["fix", old, context, "--reveal", "--patch", patch, ...rules]);
      expect(shown.stdout).toContain(
        "--secret id=BUILD,src=FILE --secret id=TOKEN,src=FILE --secret id=secret_8,src=FILE",
      );
      const fixed = join(folder, "fixed");
      cpSync(context, fixed, { recursive: true });
      run("git", ["init", "-q"], fixed);
      run("git", ["apply", patch], fixed);
      expect(readFileSync(join(fixed, ".dockerignore"), "utf8")).toBe("app/.env\n");
      const file = join(folder, "a-secret");
      writeFileSync(file, "from outside");
      const fresh = build(
        fixed,
        "after",
        ...["BUILD", "TOKEN", "secret_8"].flatMap((id) => ["--secret", `id=${id},src=${file}`]),
      );
      const verified = leaktrace(["verify-fix", old, fresh, ...rules]);
      expect([verified.code, verified.stdout]).toEqual([
        0,
        expect.stringMatching(/^(?:gone .*\n){4}4 of 4 secrets gone, 0 left, 0 new\.\n$/),
      ]);
    },
  );

  test(
    "a file that several instructions copy is told in one line, with all its places",
    { timeout: 60_000 },
    async () => {
      const context = join(folder, "copies");
      mkdirSync(join(context, "conf"), { recursive: true });
      writeFileSync(join(context, "conf/app.json"), `{"a": "${probe("copied a")}",\n"b": "${probe("copied b")}"}\n`);
      writeFileSync(join(context, "conf/once.json"), `{"a": "${probe("copied once")}"}\n`);
      const lines = ["FROM scratch", "COPY conf/app.json /a", "COPY conf/app.json conf/once.json /b/"];
      writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
      writeFileSync(join(context, "other.Dockerfile"), "FROM scratch\nCOPY conf/app.json /c\n");
      const ran = leaktrace(["fix", await image("any.tar", [{ files: { a: "a" } }]), context, ...rules]);
      expect(ran.stdout.split("\n").filter((line) => line.includes("by hand"))).toEqual([
        "   by hand: conf/app.json:1, 2: take the values out; Dockerfile lines 2, 3 and other.Dockerfile line 2 copy the file, and the program needs it",
        "   by hand: conf/once.json:1: take the value out; Dockerfile line 3 copies the file, and the program needs it",
      ]);
    },
  );

  test("names what has to be deleted: tags, indexes, manifests, what refers to them", { timeout: 60_000 }, async () => {
    const path = await image("several.tar", [
      { files: { "a.env": env("x") }, instruction: "COPY . /" },
      { whiteouts: ["a.env"], instruction: "RUN rm a.env" },
    ]);
    const { stdout, code } = leaktrace(["fix", path, ...rules]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "a.env comes with layer 0 (COPY . /); layer 1 (RUN rm a.env) takes it out of sight, not out of the image",
    );
    expect(stdout).toContain(`tag or name  ${path}:app:1\n`);
    const wrong = (...args: string[]): unknown => {
      const ran = leaktrace(["fix", ...args, ...rules]);
      return [ran.code, ran.stdout, ran.stderr.split("\n")[0]];
    };
    expect(wrong(path, "--patch", "-")).toEqual([
      2,
      "",
      "leaktrace: --patch needs the folder that the image is built from",
    ]);
    expect(wrong(path, join(folder, "nothing"))).toEqual([
      2,
      "",
      `leaktrace: ${join(folder, "nothing")} is not a folder`,
    ]);
    expect(wrong(join(folder, "no.tar"), folder)).toEqual([
      2,
      "",
      `leaktrace: no such image: ${join(folder, "no.tar")}`,
    ]);
  });
});
