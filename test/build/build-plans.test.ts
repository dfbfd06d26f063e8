import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseDockerfile, planBuilds } from "../../src/build/index.ts";
import { buildFileKind } from "../../src/build/names.ts";
import { carriersAt, carrierText } from "../../src/model/carrier.ts";
import { testWith } from "../require-program.ts";

type Files = Readonly<Record<string, string>>;

/** What carries a line of a file of a folder into images. */
function carried(files: Files, path: string, line = 1): string[] {
  const names = Object.keys(files);
  const plan = planBuilds({
    files: names.filter((name) => buildFileKind(name.slice(name.lastIndexOf("/") + 1)) !== undefined),
    read: (name) => files[name],
    has: (name) => names.some((known) => known === name || known.startsWith(`${name}/`)),
  });
  return carriersAt(plan(path), line).map(carrierText);
}

describe("a Dockerfile", () => {
  test("is read with continuations, comments between them, options, lists and here-documents", () => {
    const { stages, preamble } = parseDockerfile(
      [
        "# syntax=docker/dockerfile:1",
        "ARG V=1.2",
        "FROM debian:${V} AS Build",
        "COPY --chown=1:1 --from=x \\",
        "  # a comment",
        "",
        '  "a b" /c',
        'ADD ["d e", "/f"]',
        "RUN <<EOF",
        "FROM nothing",
        "EOF",
        "ENV A=1 B='2 3'",
      ].join("\n"),
    );
    expect(preamble.map(({ name }) => name)).toEqual(["ARG"]);
    expect(stages.map(({ name, base }) => [name, base])).toEqual([["build", "debian:1.2"]]);
    expect(stages[0]?.instructions.map(({ name, words, line, endLine }) => [name, words, line, endLine])).toEqual([
      ["COPY", ["a b", "/c"], 4, 7],
      ["ADD", ["d e", "/f"], 8, 8],
      ["RUN", ["<<EOF"], 9, 11],
      ["ENV", ["A=1", "B=2 3"], 12, 12],
    ]);
  });

  test("carries what it copies, by its line", () => {
    const files = { Dockerfile: "FROM scratch\nWORKDIR /app\nCOPY . .\nADD conf/*.env /etc/\n", "conf/a.env": "" };
    expect(carried(files, "conf/a.env")).toEqual([
      "COPY . . (Dockerfile line 3) carries it into the image as /app/conf/a.env",
      "ADD conf/*.env /etc/ (Dockerfile line 4) carries it into the image as /etc/a.env",
    ]);
  });

  test("carries nothing that the ignore file keeps out; its own ignore file counts before that of the context", () => {
    const files = { Dockerfile: "FROM scratch\nCOPY . /\n", ".dockerignore": "*.env\n!b.env" };
    expect(carried(files, "a.env")).toEqual([]);
    expect(carried(files, "b.env")).toEqual(["COPY . / (Dockerfile line 2) carries it into the image as /b.env"]);
    expect(carried({ ...files, "Dockerfile.dockerignore": "b.env" }, "a.env").length).toBe(1);
  });

  test("of several stages: what stays in one that is not kept, and what is taken along", () => {
    const files = {
      Dockerfile: [
        ...["FROM golang AS build", "WORKDIR /src", "COPY . ."],
        ...["FROM scratch AS base", "COPY base.env /", "FROM base", "COPY --from=build /src/conf /etc/conf"],
      ].join("\n"),
    };
    expect(carried(files, "a.env")).toEqual([
      "COPY . . (Dockerfile line 3) carries it into stage build as /src/a.env: not in the image, but in the build's cache",
    ]);
    expect(carried(files, "conf/a.env")[1]).toBe(
      "COPY --from=build /src/conf /etc/conf (Dockerfile line 7, after line 3) carries it into the image as /etc/conf/a.env",
    );
    expect(carried(files, "base.env")[1]).toBe(
      "COPY base.env / (Dockerfile line 5) carries it into the image as /base.env",
    );
  });

  test("writes what stands in it: environment and labels, arguments, commands", () => {
    const files = {
      "sub/app.Dockerfile": "FROM a\nENV A=1 \\\n  B=2\nARG C=3\nRUN x\nUSER d\nADD https://u@host/x /\n# d\n",
    };
    const at = (line: number): string[] => carried(files, "sub/app.Dockerfile", line);
    expect(at(3)).toEqual(["ENV (sub/app.Dockerfile line 2) writes it into the image's configuration"]);
    expect(at(4)).toEqual(["ARG (sub/app.Dockerfile line 4) writes it into the image's history"]);
    expect(at(5)).toEqual(["RUN (sub/app.Dockerfile line 5) writes it into the image's history"]);
    expect(at(6)).toEqual(["USER (sub/app.Dockerfile line 6) writes it into the image's configuration"]);
    expect(at(7)).toEqual(["ADD (sub/app.Dockerfile line 7) writes it into the image's history"]);
    expect(at(8)).toEqual([]);
  });

  test("knows the folders that are there by then, and what a stage hands on to the next that begins with it", () => {
    const text = [
      ...["FROM a AS base", "WORKDIR /srv/app", "ENV CONF=/etc/conf", "ARG GONE=/gone", "COPY lib/ /data/lib/"],
      ...["FROM base", "COPY x.env ./", "COPY x.env /srv", "COPY x.env /data/lib", "COPY x.env /other"],
      ...["COPY x.env $CONF/", "COPY x.env .."],
    ].join("\n");
    const places = carried({ Dockerfile: text }, "x.env").map((line) => line.replace(/^.* as /, ""));
    expect(places).toEqual([
      ...["/srv/app/x.env", "/srv/x.env", "/data/lib/x.env", "/other", "/etc/conf/x.env", "/srv/x.env"],
    ]);
  });

  test("in a folder of its own builds that folder, or the root where its sources lie there", () => {
    const own = { "a/Dockerfile": "FROM b\nCOPY x /\n", "a/x": "", x: "" };
    expect([carried(own, "a/x").length, carried(own, "x").length]).toEqual([1, 0]);
    const root = { "docker/Dockerfile": "FROM b\nCOPY src /src\n", "src/x": "" };
    expect(carried(root, "src/x").length).toBe(1);
  });
});

describe("a Compose file", () => {
  const files = {
    "compose.yaml": [
      ...["services:", "  web:", "    build:", "      context: ./web", "      dockerfile: docker/web.Dockerfile"],
      ...["      target: run", "      args:", "        TOKEN: abc", "        - nothing", "  job:", "    build: ."],
    ]
      .filter((line) => !line.includes("- nothing"))
      .join("\n"),
    "web/docker/web.Dockerfile": "FROM a AS run\nCOPY . /app\nFROM b\nCOPY other /\n",
    "web/a.env": "",
    Dockerfile: "FROM a\nCOPY job /\n",
  };

  test("says which folder, Dockerfile and stage are built", () => {
    expect(carried(files, "web/a.env")).toEqual([
      "COPY . /app (web/docker/web.Dockerfile line 2) carries it into the image as /app/a.env",
    ]);
    expect(carried(files, "job").length).toBe(1);
  });

  test("has arguments, which stand in the history; their values can come from the file of the environment", () => {
    expect(carried(files, "compose.yaml", 8)).toEqual([
      "build argument TOKEN of web (compose.yaml line 8) writes it into the image's history",
    ]);
    const listed = {
      "compose.yml":
        "services:\n  a:\n    build:\n      context: .\n      args:\n        - X=${KEY:-}\n        - BARE\n",
      ".env": "OTHER=1\nKEY=2\nBARE=3\n",
    };
    expect([1, 2, 3].map((line) => carried(listed, ".env", line).length)).toEqual([0, 1, 1]);
  });

  test("takes members from anchors, as its own or merged, and may hold its Dockerfile itself", () => {
    const shared = [
      "x-build: &build",
      "  context: web",
      '  args: &args {TOKEN: "${KEY}"}',
      "services:",
      "  a: {build: *build}",
      "  b:",
      "    build:",
      "      <<: [*none, *build]",
      "      target: run",
      "  c:",
      "    build:",
      "      context: .",
      "      args: *args",
      "      dockerfile_inline: |",
      "        FROM scratch",
      "        ENV TOKEN=x",
      "        COPY job /j",
    ].join("\n");
    const all = { ...files, "compose.yaml": shared, ".env": "KEY=1\n" };
    expect(carried(all, ".env").map((line) => line.replace(/ \(.*$/, ""))).toEqual(
      ["a", "b", "c"].map((service) => `build argument TOKEN of ${service}`),
    );
    expect(carried(all, "job")).toContain("COPY job /j (compose.yaml line 17) carries it into the image as /j");
    expect(carried(all, "compose.yaml", 16)).toEqual([
      "ENV (compose.yaml line 16) writes it into the image's configuration",
    ]);
    const laughs = Array.from({ length: 40 }, (_, i) => `a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}, *a${i - 1}]}\n`);
    expect(carried({ "compose.yaml": `${laughs.join("")}services: {x: {build: *a39}}\n` }, "x")).toEqual([]);
  });

  test("that is none, or nests without end, is nothing", () => {
    for (const text of ["", "- a", "services: 1", `${"[".repeat(50_000)}`, "a: *b", "services:\n  a:\n    build: *x\n"])
      expect(carried({ "compose.yaml": text }, "x")).toEqual([]);
  });
});

describe("what a plan says is what a build does", () => {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "leaktrace-build-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  testWith("buildah")("for every file of a context", { timeout: 120_000 }, () => {
    const context = join(root, "context");
    const texts: Files = {
      Dockerfile: [
        ...["FROM scratch AS first", "ARG DIR=conf", "WORKDIR /w", "COPY . .", "COPY ${DIR}/one.env renamed.env"],
        ...["COPY src/*.js conf/*.env /many/", "FROM scratch", "WORKDIR /srv", "COPY src lib"],
        ...["COPY --from=first /w/conf /taken/", 'COPY ["with space/a b.env", "/list/"]', "ADD deep/*/x.env flat/"],
      ].join("\n"),
      ".dockerignore":
        "# none of these\n**/*.log\nvendor\n!vendor/kept\n*/secret*\n!src/secret.kept\n/top.env\n[a-c]ut\n",
    };
    const paths = [
      ...[
        "top.env",
        "sub/top.env",
        "a.log",
        "deep/one/b.log",
        "vendor/x",
        "vendor/kept/y",
        "conf/one.env",
        "conf/secret.env",
      ],
      ...[
        "src/a.js",
        "src/inner/b.js",
        "src/secret.kept",
        "src/inner/secret.env",
        "with space/a b.env",
        "but",
        "cut",
        "dut",
      ],
      ...["deep/one/x.env", "deep/two/x.txt"],
    ];
    for (const [path, text] of [...Object.entries(texts), ...paths.map((path) => [path, `${path}\n`] as const)]) {
      mkdirSync(dirname(join(context, path)), { recursive: true });
      writeFileSync(join(context, path), text);
    }
    const store = ["--root", join(root, "store"), "--runroot", join(root, "run"), "--storage-driver", "vfs"];
    const buildah = (...args: string[]): void => {
      const ran = spawnSync("buildah", [...store, ...args], { encoding: "utf8" });
      expect([args[0], ran.status, ran.stderr]).toEqual([args[0], 0, ran.stderr]);
    };
    buildah("bud", "--isolation", "chroot", "-q", "--layers", "-t", "x:1", context);
    buildah("push", "-q", "x:1", `oci:${join(root, "out")}:x`);
    const blobs = join(root, "out/blobs/sha256");
    const built = readdirSync(blobs).flatMap((blob) => {
      const listed = spawnSync("tar", ["-tzf", join(blobs, blob)], { encoding: "utf8" });
      return listed.status === 0 ? listed.stdout.split("\n").filter((name) => name !== "" && !name.endsWith("/")) : [];
    });
    const plan = planBuilds({
      files: Object.keys(texts),
      read: (path) => readFileSync(join(context, path), "utf8"),
      has: (path) => paths.includes(path),
    });
    const planned = [...paths, ...Object.keys(texts)].flatMap((path) =>
      plan(path).flatMap(({ stage, path: at, lines }) =>
        stage === undefined && lines === undefined ? [at?.slice(1) ?? ""] : [],
      ),
    );
    expect(planned.sort()).toEqual([...new Set(built)].sort());
    expect(planned.length).toBe(7);
  });
});
