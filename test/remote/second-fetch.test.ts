import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { fetchers } from "../../src/remote/fetchers.ts";
import { probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { serveGit, type GitServer } from "./git-server.ts";
import { createUser, leftovers, scan, type User } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const served = join(folder, "served");
mkdirSync(served);

let server: GitServer;
beforeAll(async () => (server = await serveGit(served)));
afterAll(() => server.close());

/** Scans repositories of the server, and tells how often it was asked for a list of refs, or for a pack. */
async function fetched(
  user: User,
  how: readonly string[],
  ...names: readonly string[]
): Promise<Ran & { questions: number }> {
  const before = server.asked.length;
  const cache = ["--cache-dir", join(user.home, "cache")];
  const urls = names.map((name) => `${server.origin}/${name}`);
  const ran = await scan(["scan", "-c", rules, ...how, ...urls, "-f", "jsonl", ...cache], user.env, folder);
  expect(leftovers(user)).toEqual([]);
  const questions = server.asked.slice(before).filter(({ path }) => path.endsWith("/git-upload-pack")).length;
  return { ...ran, questions };
}

/** For refs, and for all that they reach. */
const forAll = 2;
const forRefs = 1;

describe.each(fetchers)("a repository that is fetched by %s a second time", (fetcher) => {
  const how = ["--fetch-with", fetcher];

  it("is not, where nothing was found in it and it offers what it offered", async () => {
    const user = createUser(join(folder, `${fetcher}-clean`));
    const shop = createRepository(join(served, `${fetcher}-clean`));
    shop.commit("One", { "a.txt": "nothing\n" });
    shop.git("tag", "-a", "v1", "-m", "Tagged");
    const name = `${fetcher}-clean`;
    const first = await fetched(user, how, name);
    expect(first).toMatchObject({ code: 0, questions: forAll });
    const second = await fetched(user, how, name);
    expect(second).toMatchObject({ code: 0, questions: forRefs, stdout: first.stdout });
    expect(await fetched(user, [...how, "--no-cache"], name)).toMatchObject({ code: 0, questions: forAll });
    shop.git("update-ref", "refs/pull/1/head", "HEAD");
    expect(await fetched(user, how, name)).toMatchObject({ code: 0, questions: forRefs + forAll });
    shop.commit("Two", { "b.txt": `${probe("later")}\n` });
    expect(await fetched(user, how, name)).toMatchObject({ code: 1, questions: forRefs + forAll });
  });

  it("has contents that are known left out where something was found, and says the same", async () => {
    const user = createUser(join(folder, `${fetcher}-found`));
    const shop = createRepository(join(served, `${fetcher}-found`));
    shop.commit("One", { "a.txt": `${probe("planted")}\n`, "b.txt": "nothing\n" });
    const name = `${fetcher}-found`;
    const first = await fetched(user, how, name);
    expect(first).toMatchObject({ code: 1, questions: forAll });
    expect(first.stderr).not.toContain("known from earlier scans");
    const second = await fetched(user, how, name);
    expect(second).toMatchObject({ code: 1, questions: forAll, stdout: first.stdout });
    expect(second.stderr).toContain(": 2 of these contents are known from earlier scans");
  });
});

it("is told beside others: what is known is not fetched ahead either", async () => {
  const user = createUser(join(folder, "several"));
  const names = ["c1", "c2", "c3", "c4", "c5", "found", "c6"];
  for (const name of names)
    createRepository(join(served, name)).commit("One", { "a.txt": name === "found" ? probe("one") : `${name}\n` });
  const first = await fetched(user, [], ...names);
  expect(first).toMatchObject({ code: 1, questions: 7 * forAll });
  const second = await fetched(user, [], ...names);
  expect(second).toMatchObject({ code: 1, stdout: first.stdout });
  // Nothing is kept of the one with a secret that its refs could be held against.
  expect(second.questions).toBe(6 * forRefs + forAll);
});
