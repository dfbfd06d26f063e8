import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { probe, probeRules, scratch } from "../cli/scan-program.ts";
import { serveGit, type Answer, type GitServer } from "./git-server.ts";
import { createUser, leftovers, scan, start } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const user = createUser(folder);
const served = join(folder, "served");
mkdirSync(served);
const names = ["one", "two", "three", "four", "five", "six"];
for (const name of names)
  createRepository(join(served, name)).commit("Planted", { [`${name}.txt`]: `${probe(name)}\n` });

let server: GitServer | undefined;
afterEach(() => server?.close());

const csv = ["-f", "csv", "-r", "-"];

function listed(targets: readonly string[]): string {
  const path = join(folder, "targets.txt");
  writeFileSync(path, targets.join("\n"));
  return path;
}

describe("repositories of a list", () => {
  it.each([["a report"], ["a journal"]])("are fetched while others are waited for (%s)", async (kept) => {
    const asked = new Set<string>();
    let answerAll: () => void = () => {};
    const allAsked = new Promise<void>((done) => (answerAll = done));
    // Nobody is answered before four have asked: who fetches one after the other never comes to the second.
    const answer: Answer = async ({ url = "" }) => {
      asked.add(url.split("/")[1]!);
      if (asked.size === 4) answerAll();
      await allAsked;
      return false;
    };
    server = await serveGit(served, answer);
    const list = listed(names.map((name) => `${server!.origin}/${name}`));
    const journal = kept === "a journal" ? ["--journal", join(folder, "journal")] : [];
    const ran = await scan(["scan", "-c", rules, "--targets", list, ...journal, ...csv], user.env, folder);
    expect(ran.code).toBe(1);
    for (const name of names) expect(ran.stdout).toContain(`,${name}.txt,`);
    expect(leftovers(user)).toEqual([]);
  });

  it("are told one by one, and removed when the scan is stopped", async () => {
    let allAsked: () => void = () => {};
    const isThirdsTurn = new Promise<void>((done) => (allAsked = done));
    const answer: Answer = ({ url = "" }) => {
      // The last of the three behind it.
      if (url.startsWith("/six/")) allAsked();
      return url.startsWith("/three/") ? new Promise(() => {}) : false;
    };
    server = await serveGit(served, answer);
    const [one, two, ...others] = names.map((name) => `${server!.origin}/${name}`);
    const list = listed([one!, `${server.origin}/nowhere`, two!, ...others]);
    const running = start(["scan", "-c", rules, "--targets", list, ...csv], user.env, folder);
    await isThirdsTurn;
    process.kill(running.pid, "SIGINT");
    const { stdout, stderr } = await running.ended;
    for (const name of ["one", "two"]) expect(stdout).toContain(`,${name}.txt,`);
    for (const name of ["three", "four", "five", "six"]) expect(stdout).not.toContain(`${name}.txt`);
    expect(stderr).toContain(`${server.origin}/nowhere: cannot be fetched: there is no such repository`);
    expect(stderr).toContain(`${server.origin}/three`);
    expect(leftovers(user)).toEqual([]);
  });
});
