import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { growTo } from "../../../fixtures/git/damage.ts";
import type { StoreFault } from "../../../src/content/git/pack-folder.ts";
import { shallowCommits } from "../../../src/sources/git/push-remote.ts";
import { listRefs, listTableLogs } from "../../../src/sources/git/refs.ts";
import { scratch } from "../../cli/scan-program.ts";

const folder = scratch();
const id = (digit: string): string => digit.repeat(40);

function gitFolder(files: Readonly<Record<string, string>>): string {
  const at = mkdtempSync(join(folder, "git-"));
  for (const [name, text] of Object.entries({ HEAD: "ref: refs/heads/main\n", ...files })) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  }
  return at;
}

function read(gitDir: string): { refs: string[]; faults: string[] } {
  const faults: StoreFault[] = [];
  const refs = listRefs({ gitDir, commonDir: gitDir }, faults).map(({ name, oid }) => `${name} ${oid[0]}`);
  return { refs, faults: faults.map(({ subject, message }) => `${subject}: ${message}`) };
}

describe("refs in files", () => {
  test("are listed, packed and loose, those that lead to others and those that are links too", () => {
    const at = gitFolder({
      "refs/heads/main": `${id("1")}\n`,
      "refs/remotes/origin/HEAD": "ref: refs/remotes/origin/main\n",
      "packed-refs": `# pack-refs with: peeled\n${id("2")} refs/heads/main\n${id("3")} refs/remotes/origin/main\n${id("4")} refs/tags/t\n^${id("5")}\n`,
    });
    symlinkSync("main", join(at, "refs/heads/link"));
    expect(read(at)).toEqual({
      refs: [
        "HEAD 1",
        "refs/heads/link 1",
        "refs/heads/main 1",
        "refs/remotes/origin/HEAD 3",
        "refs/remotes/origin/main 3",
        "refs/tags/t 4",
      ],
      faults: [],
    });
  });

  test("of branches without commits, locks and hidden files are no damage", () => {
    const at = gitFolder({
      "refs/heads/main.lock": "",
      "refs/heads/.DS_Store": "Bud1",
      "refs/remotes/o/HEAD": "ref: refs/x",
    });
    expect(read(at)).toEqual({ refs: [], faults: [] });
  });

  test.each([
    ["empty", "", "it holds neither an id nor a name"],
    ["cut off", id("1").slice(7), "it holds neither an id nor a name"],
    ["a way out", "ref: refs/../../secret\n", "it holds neither an id nor a name"],
    ["a circle", "ref: refs/heads/bad\n", "it leads in a circle, or through too many names"],
    ["a book", "x".repeat(5000), "it is larger than 4096 bytes"],
  ])("that are damaged are named, and hide no others: %s", (_name, text, why) => {
    expect(read(gitFolder({ "refs/heads/bad": text, "refs/heads/good": id("1") }))).toEqual({
      refs: ["refs/heads/good 1"],
      faults: [`refs/heads/bad: the ref is not read: ${why}`],
    });
  });

  test("HEAD that is damaged is named", () => {
    expect(read(gitFolder({ HEAD: "ref: heads/main\n" })).faults).toEqual([
      "HEAD: the ref is not read: it holds neither an id nor a name",
    ]);
  });

  test("packed refs that are damaged, or cut off, are named and read as far as they go", () => {
    const good = `${id("1")} refs/heads/main\n`;
    const faults = (text: string): string[] => read(gitFolder({ "packed-refs": text })).faults;
    expect(faults(`${good}${id("1")}refs/heads/x\n^y\n`)).toEqual(["packed-refs: 2 lines are no refs"]);
    expect(faults(good.slice(0, -3))).toEqual(["packed-refs: its last line is cut off"]);
    const huge = gitFolder({ "packed-refs": good });
    growTo(join(huge, "packed-refs"), 2 ** 40);
    expect(read(huge).faults).toEqual(["packed-refs: the packed refs are not read: it is larger than 268435456 bytes"]);
  });
});

test("a list of reftables that cannot be read is named", () => {
  const at = gitFolder({ "reftable/tables.list": "" });
  growTo(join(at, "reftable/tables.list"), 2 ** 40);
  expect(read(at).faults.join()).toContain("the list of reftables is not read: it is larger than");
});

test("a file in the place of the folder of linked working trees does no harm", () => {
  const gitDir = gitFolder({ worktrees: "nothing" });
  expect(listTableLogs({ gitDir, commonDir: gitDir })).toEqual([]);
});

test("a list of where a shallow clone ends that is damaged is named", () => {
  const faults: StoreFault[] = [];
  const gitDir = gitFolder({ shallow: `${id("1")}\nnothing\n` });
  expect([...shallowCommits({ gitDir, commonDir: gitDir }, faults)]).toEqual([id("1")]);
  expect(faults.map(({ message }) => message)).toEqual(["1 lines are no ids of commits"]);
});
