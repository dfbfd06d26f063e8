import { createHash } from "node:crypto";
import { spawn, spawnSync } from "node:child_process";
import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository, versionsOf } from "../../fixtures/git/workshop.ts";
import { entriesOf, leaktrace, probe, probeRules, program, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const places = join(folder, "places");
mkdirSync(join(places, "files/sub"), { recursive: true });
writeFileSync(join(places, "files/a.txt"), `x ${probe("file")}\n`);
writeFileSync(join(places, "files/sub/clean.txt"), "nothing here\n");
const shop = createRepository(join(places, "repo"));
shop.commit("One", { "a.txt": `${probe("repo")}\n` });
const image = { tag: "app:1", layers: [{ files: { "etc/app.conf": `k=${probe("image")}` } }] };
await buildImage(image, { path: join(places, "image.tar"), format: "docker-archive" });
await buildImage(image, { path: join(places, "layout"), format: "oci-layout" });

function scan(...args: readonly string[]) {
  return leaktrace(["scan", "-c", rules, ...args], { cwd: places });
}

/** Name, size, times of change and hash of every file below: what a scan must leave as it is. Access times are the system's affair. */
function listing(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const stat = statSync(path);
      const hash = stat.isFile() ? createHash("sha1").update(readFileSync(path)).digest("hex") : "folder";
      return `${path} ${stat.size} ${stat.mode} ${stat.mtimeMs} ${stat.ctimeMs} ${hash}`;
    });
}

describe("scan looks at what a target is", () => {
  test.each([
    ["a repository", "repo", "a.txt", "repo"],
    ["a .git folder", "repo/.git", "a.txt", "repo"],
    ["a docker archive", "image.tar", "etc/app.conf", "image"],
    ["an OCI layout", "layout", "etc/app.conf", "image"],
    ["a folder", "files", "files/a.txt", "file"],
    ["a file", "files/a.txt", "files/a.txt", "file"],
  ])("%s", (_name, target, file, seed) => {
    const ran = scan(target, "-f", "json", "-r", "-", "--reveal");
    expect(ran.code).toBe(1);
    expect(entriesOf(ran).map(({ File, Secret }) => ({ File, Secret }))).toEqual([{ File: file, Secret: probe(seed) }]);
  });

  test("standard input", () => {
    const ran = leaktrace(["scan", "-", "-c", rules, "-f", "json", "-r", "-", "--reveal"], {
      input: `a\nb ${probe("stdin")}\n`,
    });
    expect(ran.code).toBe(1);
    expect(entriesOf(ran)).toMatchObject([{ File: "", Secret: probe("stdin"), StartLine: 2, StartColumn: 3 }]);
  });

  test("several at once, each content once", () => {
    const ran = scan("repo", "image.tar", "layout", "files", "-f", "jsonl", "-r", "-");
    expect(ran.code).toBe(1);
    const ledger: unknown = JSON.parse(ran.stdout.trimEnd().split("\n").at(-1)!);
    expect(ledger).toMatchObject({
      kind: "ledger",
      targets: [
        { target: "files", kind: "files" },
        { target: "image.tar", kind: "image" },
        { target: "layout", kind: "image" },
        { target: "repo", kind: "git" },
      ],
    });
  });
});

describe("exit codes", () => {
  test("0: all was scanned, nothing found", () => {
    expect(scan("files/sub")).toMatchObject({ code: 0 });
    expect(leaktrace(["scan", "-", "-c", rules])).toMatchObject({ code: 0 });
    expect(leaktrace(["stdin", "-c", rules], { input: "nothing" })).toMatchObject({ code: 0 });
  });

  test("1, or what --exit-code says: found", () => {
    expect(scan("files").code).toBe(1);
    expect(scan("files", "--exit-code", "0").code).toBe(0);
    expect(scan("files", "--exit-code", "77").code).toBe(77);
  });

  test("2: wrong usage, rules or target; nothing on standard output, one line and a hint on the other", () => {
    const broken = join(folder, "broken.toml");
    writeFileSync(broken, "[[rules]\n");
    const badRegex = join(folder, "regex.toml");
    writeFileSync(badRegex, `[[rules]]\nid = "x"\ndescription = "x"\nregex = '''(?=x)'''\n`);
    for (const args of [
      ["nowhere"],
      ["-c", broken, "files"],
      ["-c", badRegex, "files"],
      ["-c", join(folder, "none.toml"), "files"],
      ["--enable-rule", "no-such-rule", "files"],
      ["-r", join(folder, "no/such/folder/x.json"), "files"],
    ]) {
      const ran = scan(...args);
      expect({ args, code: ran.code, stdout: ran.stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(ran.stderr).toMatch(/^leaktrace: [^\n]+\n( {2}[^\n]+\n)?$/);
    }
  });

  test("an image at hand with a tag behind its path is asked of no registry: how it is named is said", async () => {
    for (const [name, format] of [
      ["files/layout", "oci-layout"],
      ["an-archive", "docker-archive"],
    ] as const) {
      await buildImage(image, { path: join(places, name), format });
      const meant = format === "oci-layout" ? "oci" : format;
      const named = leaktrace(["image", `${name}:app:1`], { cwd: places });
      expect([named.code, named.stderr]).toEqual([
        2,
        expect.stringContaining(`Say ${meant}:${name}:app:1 for`) as string,
      ]);
      expect(scan(`${meant}:${name}:app:1`).code).toBe(1);
      expect(scan(`${name}:app:1`)).toMatchObject({ code: 2, stderr: named.stderr });
      rmSync(join(places, name), { recursive: true });
    }
    const both = leaktrace(["image", "layout:x"], { cwd: places });
    expect(both.stderr).toContain("Say oci:layout:x for the one here, or docker://layout:x for one in a registry.");
  });

  test("3: nothing found, not everything scanned", () => {
    const cut = join(folder, "cut.tar");
    writeFileSync(cut, readFileSync(join(places, "layout/oci-layout")));
    const partial = createRepository(join(folder, "partial"));
    partial.commit("One", { a: "1" });
    writeFileSync(join(partial.path, ".git/objects/pack/pack-x.pack"), "PACK");
    const ran = leaktrace(["scan", partial.path, "-c", rules]);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain("incomplete");
    expect(ran.stderr).toContain("pack-x.pack");
  });

  test("one target of several that is not there is code 3, with findings 1, and the rest is scanned", () => {
    expect(scan("files/sub", "nowhere")).toMatchObject({ code: 3 });
    const ran = scan("files", "nowhere", "-f", "json", "-r", "-");
    expect({ code: ran.code, entries: entriesOf(ran).length }).toEqual({ code: 1, entries: 1 });
  });
});

describe("what a scan leaves", () => {
  test("nothing but its report: no change in what it scanned, where it ran, or where temporary files go", () => {
    const temporary = join(folder, "tmp");
    const home = join(folder, "home");
    mkdirSync(temporary);
    mkdirSync(home);
    const before = listing(places);
    for (const target of ["repo", "image.tar", "layout", "files"]) {
      leaktrace(["scan", target, "-c", rules, "-r", join(folder, "report.json")], {
        cwd: places,
        env: { ...process.env, TMPDIR: temporary, HOME: home },
      });
    }
    expect(listing(places)).toEqual(before);
    expect({ temporary: readdirSync(temporary), home: readdirSync(home) }).toEqual({ temporary: [], home: [] });
    expect(readdirSync(folder).filter((name) => name.startsWith("report"))).toEqual(["report.json"]);
    expect(statSync(join(folder, "report.json")).mode & 0o077).toBe(0);
  });

  test("secrets are masked wherever they show, unless --reveal or --redact=0 is given", () => {
    for (const format of ["text", "json", "jsonl", "sarif", "csv", "junit"]) {
      for (const target of ["repo", "image.tar", "files"]) {
        const seed = target === "repo" ? "repo" : target === "files" ? "file" : "image";
        const hidden = scan(target, "-f", format);
        expect(hidden.code).toBe(1);
        expect(`${hidden.stdout}${hidden.stderr}`).not.toContain(probe(seed).slice(8, 28));
      }
    }
    for (const flag of ["--reveal", "--redact=0"])
      expect(scan("files", "-f", "json", flag).stdout).toContain(probe("file"));
  });

  test("json has gitleaks' fields in gitleaks' order", () => {
    const [entry] = entriesOf(scan("files", "-f", "json", "-r", "-"));
    expect(Object.keys(entry!)).toEqual([
      "RuleID",
      "Description",
      "StartLine",
      "EndLine",
      "StartColumn",
      "EndColumn",
      "Match",
      "Secret",
      "File",
      "SymlinkFile",
      "Commit",
      "Entropy",
      "Author",
      "Email",
      "Date",
      "Message",
      "Tags",
      "Fingerprint",
    ]);
    expect(entriesOf(scan("files/sub", "-f", "json", "-r", "-"))).toEqual([]);
  });
});

describe("standard input", () => {
  test("of any size streams: its end is reached, and lines are counted", { timeout: 30_000 }, () => {
    const lines = 12_000_000;
    const script = `yes lorem | head -n ${lines}; echo ${probe("far")}`;
    const { status, stdout } = spawnSync(
      "bash",
      ["-c", `(${script}) | "$0" "$1" scan - -c "$2" -f json -r -`, process.execPath, program, rules],
      { encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ StartLine: lines + 1, StartColumn: 1 }]);
  });

  test("from a file, from nothing, and from a folder", () => {
    const run = (path: string) => {
      const descriptor = openSync(path, "r");
      const { status, stderr } = spawnSync(process.execPath, [program, "scan", "-", "-c", rules], {
        encoding: "utf8",
        stdio: [descriptor, "pipe", "pipe"],
      });
      closeSync(descriptor);
      return { status, stderr };
    };
    expect(run(join(places, "files/a.txt")).status).toBe(1);
    expect(run("/dev/null").status).toBe(0);
    const ran = run(places);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain("is a folder");
  });
});

describe("a signal", () => {
  /** Starts a scan, sends the signal once stderr or time shows that it is under way, and waits for its end. */
  function interrupt(
    args: readonly string[],
    signal: NodeJS.Signals,
    when: (child: ReturnType<typeof spawn>) => Promise<void>,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
      when(child).then(() => child.kill(signal), reject);
    });
  }

  /** Resolves once the process is in the middle of reading: a worker has come up and the file is open. */
  async function hasOpened(child: ReturnType<typeof spawn>, path: string): Promise<void> {
    for (;;) {
      const open = readdirSync(`/proc/${child.pid}/fd`).some((name) =>
        linkOf(`/proc/${child.pid}/fd/${name}`).includes(path),
      );
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Where a descriptor leads; nowhere when it was closed meanwhile. */
  function linkOf(path: string): string {
    try {
      return readlinkSync(path);
    } catch {
      return "";
    }
  }

  test(
    "in the middle of a large repository: code 130 or 143, the report is written, the ledger says so",
    { timeout: 60_000 },
    async () => {
      const big = createRepository(join(folder, "big"));
      for (const [i, text] of versionsOf("lines", 6).entries()) {
        big.commit(
          `Version ${i}`,
          Object.fromEntries(Array.from({ length: 20 }, (_, file) => [`f${file}`, `${i} ${file} ${text.repeat(60)}`])),
        );
      }
      big.git("repack", "-qad", "--window=0");
      // Rules without keywords look at every byte: the scan takes long enough to be in the middle of.
      const slow = join(folder, "slow.toml");
      writeFileSync(
        slow,
        Array.from(
          { length: 12 },
          (_, i) =>
            `[[rules]]\nid = "slow-${i}"\ndescription = "slow"\nregex = '''(?i)l[a-z ]{1,30}[0-9]{1,9} [a-z]{1,9}zz${i}'''\n`,
        ).join("\n"),
      );
      for (const [signal, code] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
        ["SIGHUP", 129],
      ] as const) {
        const report = join(folder, `${signal}.jsonl`);
        const ran = await interrupt(
          ["git", big.path, "-c", slow, "-f", "jsonl", "-r", report, "--workers", "1"],
          signal,
          (child) => hasOpened(child, ".pack"),
        );
        expect({ signal, code: ran.code }).toEqual({ signal, code });
        const ledger: unknown = JSON.parse(readFileSync(report, "utf8").trimEnd().split("\n").at(-1)!);
        expect(ledger).toMatchObject({ kind: "ledger", interrupted: true });
        expect(ran.stderr).toContain("stopping");
      }
    },
  );

  test("while it waits for standard input ends it at once", { timeout: 30_000 }, async () => {
    const ran = await interrupt(["scan", "-", "-c", rules, "-f", "json", "-r", "-"], "SIGINT", async (child) => {
      // It says nothing while it waits; that its worker took the pipe is seen by the pipe being empty again.
      child.stdin!.write("some text");
      await new Promise<void>((resolve) => child.stdin!.write(Buffer.alloc(1 << 20), () => resolve()));
      for (let i = 0; i < 100 && child.stdin!.writableLength > 0; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
    });
    expect(ran.code).toBe(130);
    expect(ran.stdout).toBe("[]\n");
  });
});

describe("a part of a repository", () => {
  test("the working tree is scanned when it is asked for, and only then", () => {
    const own = createRepository(join(places, "with-worktree"));
    own.commit("One", { "a.txt": "nothing here\n" });
    writeFileSync(join(places, "with-worktree/.env"), `KEY=${probe("worktree")}\n`);
    expect(scan("with-worktree").code).toBe(0);
    const asked = scan("with-worktree", "--worktree", "-f", "json", "--reveal");
    expect(asked.code).toBe(1);
    expect(asked.stdout).toContain(probe("worktree"));
  });
});
