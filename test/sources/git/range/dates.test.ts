import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRepository, gitEnvironment } from "../../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../../src/rules/random.ts";
import { readDate } from "../../../../src/sources/git/range/dates.ts";
import { testWith } from "../../../require-program.ts";

const test = testWith("git");
/** 2024-11-22T01:02:25Z, a Friday. */
const now = 1_732_237_345;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-dates-"));
  createRepository(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What git makes of dates; many at once, because each call takes its time. */
function byGit(dates: readonly string[], zone: string): number[] {
  const { stdout } = spawnSync("git", ["rev-parse", ...dates.map((date) => `--since=${date}`)], {
    cwd: folder,
    env: { ...gitEnvironment(), GIT_TEST_DATE_NOW: String(now), TZ: zone },
    encoding: "utf8",
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => Number(line.replace("--max-age=", "")));
}

function inZone<T>(zone: string, run: () => T): T {
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  try {
    return run();
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
}

const known =
  `yesterday|2.weeks.ago|3 days ago|last friday|noon|noon yesterday|tea|midnight|now|never|2024-01-31|2024-01-31 12:34
2024-01-31T12:34:56Z|2024-01-31T12:34:56+01:30|2024-01-31T123456|Thu, 7 Apr 2005 15:14:13 -0700|1700000000|@1700000000 +0100|@1700000000|20240131
20240131T101112|2024/02/03|3/2/2024|31.1.2024|Jan 5|Jan 5 2020|5 January 2020 3pm|10:11|6am yesterday|3 months ago|2 years ago
1 year 2 months ago|two weeks ago|last month|last year|10 minutes|1.hour.ago|12 hours ago|noon 3 days ago|3:00|12/31|Dec 31|31 Dec|6pm|11:30 pm
Apr 7 2005 22:13:13 EST|2005-04-07T22:13:13.5+02|2020|yesterday noon|last tuesday|3 fridays ago|1 week ago|07-04-2005|7.4.05|2005-31-12|15:14
2024-13-45|11/22|5.days.ago|17:00 yesterday|May 31 at 5pm|20 jan 2010 12:00:00 +0000|Sat Dec 31 23:59:60 2016 +0000|2016-12-31T23:59:59.999Z`
    .split(/[|\n]/)
    .map((date) => date.trim());

describe("dates", () => {
  for (const zone of ["UTC", "Asia/Kathmandu"]) {
    test(`are read as git reads them, in ${zone}`, () => {
      const expected = byGit(known, zone);
      inZone(zone, () => known.forEach((date, i) => expect(readDate(date, now), date).toBe(expected[i])));
    });
  }

  test("put together at random mean what they mean to git, or are refused", () => {
    const random = createRandom("dates");
    const parts = [
      ..."1 2 3 5 12 17 31 70 99 2024 1999 20240131T101112 Jan december fri Monday ago last yesterday noon midnight".split(
        " ",
      ),
      ..."pm am 3pm days day weeks month years hour 10:20 10:20:30 2024-02-03 3/4/2023 4.5.22 Z UTC EST at two".split(
        " ",
      ),
    ];
    const dates = Array.from({ length: 1500 }, () =>
      Array.from({ length: 1 + random.integer(4) }, () => random.pick(parts)).join(random.pick([" ", ".", ", "])),
    );
    const expected = byGit(dates, "UTC");
    let read = 0;
    inZone("UTC", () =>
      dates.forEach((date, i) => {
        const seconds = readDate(date, now);
        // Before 1970 git counts from the other end.
        if (seconds === undefined || seconds < 0) return;
        read++;
        expect(seconds, date).toBe(expected[i]);
      }),
    );
    expect(read).toBeGreaterThan(500);
  });

  test("that say nothing are refused, not taken for now", () => {
    for (const text of ["", "nonsense", "today", "foo 3 days ago", "2 gizmos ago", "--"])
      expect(readDate(text, now), text).toBeUndefined();
  });
});
