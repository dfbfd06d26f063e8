/** The built program: a review that is open while what it shows is still being scanned. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildRepository } from "../../fixtures/git/build-repository.ts";
import { tarOf } from "../../fixtures/images/build-image.ts";
import { CaseFile, openDecisions, readState } from "../../src/case/index.ts";
import { fingerprint } from "../../src/findings/index.ts";
import { answerAsRegistry, image, ScriptedServer } from "../registry/scripted-registry.ts";
import { sit, type Seat } from "../review/pty.ts";
import { leaktrace, probe, probeRules, program, scratch } from "./scan-program.ts";

vi.setConfig({ testTimeout: 120_000 });

const cwd = scratch();
const rules = probeRules(cwd);
const env = { LEAKTRACE_REVIEWER: "Ada" };
const [shared, alone, fresh] = ["shared", "alone", "fresh"].map(probe) as [string, string, string];

beforeAll(async () => {
  const files = { "a.env": `A=${shared}\n`, "b.env": `B=${alone}\n` };
  const commits = [{ name: "all", message: "all", changes: files }];
  await buildRepository({ commits, refs: { "refs/heads/main": "all" } }, join(cwd, "shop.git"));
});

/** A registry that keeps its layer back until it is told to send it. */
async function slowRegistry(): Promise<AsyncDisposable & { readonly reference: string; release(): void }> {
  const layer = await tarOf([
    { path: "srv/copy.env", body: `A=${shared}\n` },
    { path: "srv/new.env", body: `C=${fresh}\n` },
  ]);
  const known = image(Buffer.from(layer));
  const waiting: (() => void)[] = [];
  let isReleased = false;
  const server = await ScriptedServer.open((request, response: ServerResponse) => {
    const answer = (): void => {
      if (!answerAsRegistry(known, request, response)) response.writeHead(request.url === "/v2/" ? 200 : 404).end();
    };
    const isLayer = request.url?.endsWith([...known.documents.keys()].at(-1)!) === true;
    if (isLayer && !isReleased) waiting.push(answer);
    else answer();
  });
  return {
    reference: `${server.host}/team/app:v1`,
    release() {
      isReleased = true;
      for (const answer of waiting) answer();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function opened(reference: string, ...args: readonly string[]): Seat {
  const targets = ["shop.git", reference, "-c", rules, "--no-cache"];
  return sit(process.execPath, [program, "review", ...targets, ...args], { cwd, env, columns: 140 });
}

function selectedRow(seat: Seat): string | undefined {
  return /^>.*?prb_\S+/m.exec(seat.text())?.[0];
}

describe("while a repository is there and an image still comes", () => {
  test("it fills, the cursor stays, progress is seen, and what is decided counts for what comes later", async () => {
    await using registry = await slowRegistry();
    using seat = opened(registry.reference, "--case", "live.case");
    await seat.sees(/2 open/);
    expect(seat.rows()[0]).toMatch(/(?:scanning|fetching|planning|locating).* \d+:\d\d/);
    seat.press("/a.env\r");
    await seat.sees("1/1");
    seat.press("f");
    await seat.sees("1 open");
    seat.press("\x1b");
    await seat.sees("/2");
    seat.press("n");
    await seat.settles();
    const row = selectedRow(seat);
    expect(seat.text()).toContain("b.env");
    registry.release();
    await seat.sees("3 found");
    await seat.sees("2 open");
    expect(selectedRow(seat)).toBe(row);
    seat.press("q");
    await seat.ended();
    const listed = leaktrace(["case", "list", "live.case"], { cwd }).stdout.split("\n");
    expect(listed.filter((line) => line.startsWith("false positive"))).toHaveLength(1);
    expect(listed.filter((line) => line.startsWith("open"))).toHaveLength(2);
    for (const value of [shared, alone, fresh]) expect(seat.sent()).not.toContain(value);
  });

  test("killed in the middle: the case opens, with the decision and what was found", async () => {
    await using registry = await slowRegistry();
    using seat = opened(registry.reference, "--case", "killed.case");
    await seat.sees(/2 open/);
    seat.press("/a.env\r");
    await seat.sees("1/1");
    seat.press("r");
    await seat.sees("1 finding real");
    seat.kill("SIGKILL");
    await seat.ended();
    {
      using file = await CaseFile.open(join(cwd, "killed.case"));
      expect(openDecisions(file, "Ada").known(fingerprint(shared))).toMatchObject({ verdict: "real" });
      expect(file.damage()).toEqual([]);
    }
    registry.release();
    const scanned = leaktrace(["scan", "shop.git", "-c", rules, "--case", "killed.case", "--no-cache"], { cwd });
    expect(scanned.code).toBe(1);
    using file = await CaseFile.open(join(cwd, "killed.case"));
    expect(readState(file).secrets.length).toBeGreaterThanOrEqual(2);
  });

  test("left in the middle: the scan ends, and says that it was not finished", async () => {
    await using registry = await slowRegistry();
    using seat = opened(registry.reference);
    await seat.sees(/2 open/);
    seat.press("q");
    await seat.sees("the scan was not finished");
    expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    expect(seat.isAlternate()).toBe(false);
  });
});

test("a sweep fills a case several times: nothing is told twice, and its decisions hide in the next", () => {
  const names = ["one", "two", "three"];
  for (const name of names) {
    mkdirSync(join(cwd, name));
    writeFileSync(join(cwd, name, "k.env"), `A=${probe(`sweep ${name}`)}\nB=${probe("everywhere")}\n`);
  }
  writeFileSync(join(cwd, "targets"), `${names.join("\n")}\n`);
  const sweep = (): ReturnType<typeof leaktrace> =>
    leaktrace(
      [
        "scan",
        "--targets",
        "targets",
        "-c",
        rules,
        "--case",
        "sweep.case",
        "--journal",
        `j${Date.now()}`,
        "-v",
        "--no-cache",
      ],
      { cwd },
    );
  expect(sweep().stderr).toContain("4 new secrets, 6 new places");
  expect(sweep().stderr).toContain("0 new secrets, 0 new places");
  leaktrace(["review", "--plain", "sweep.case"], { cwd, env: { ...process.env, ...env }, input: "f made up\nq\n" });
  expect(sweep().stdout).toContain("Hidden by decisions: 1.");
  writeFileSync(join(cwd, "two/k.env"), `B=${probe("everywhere")}\n`);
  expect(sweep().stderr).toContain("0 new secrets, 1 new place");
  const shown = leaktrace(["case", "show", "sweep.case", fingerprint(probe("sweep two"))], { cwd }).stdout;
  expect(shown).toContain("not in the last complete scan");
});
