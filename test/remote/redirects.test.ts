/** Servers of git that lead elsewhere: what was given for one host is told to no other, whichever way it was given. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { fetchers } from "../../src/remote/fetchers.ts";
import { probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { serveGit, withPassword, type Answer, type GitServer } from "./git-server.ts";
import { createUser, leftovers, scan } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const user = createUser(folder);
const served = join(folder, "served");
createRepository(join(served, "shop")).commit("One", { "a.txt": `${probe("main")}\n` });

const servers: GitServer[] = [];
async function serve(answer?: Answer): Promise<GitServer> {
  const server = await serveGit(served, answer);
  servers.push(server);
  return server;
}
afterAll(() => servers.forEach((server) => server.close()));
afterEach(() => expect(leftovers(user)).toEqual([]));

const isRight = withPassword("dana", "sesame");
const withUser = (origin: string): string => origin.replace("//", "//dana:sesame@");
/** The same server under another name. */
const renamed = (origin: string): string => origin.replace("127.0.0.1", "localhost");

/** Asks for the credentials, and then leads elsewhere where `isMoved` says so. */
function leading(to: string, status: number, isMoved: (method: string) => boolean): Answer {
  return (request, response) => {
    if (isRight(request, response)) return true;
    if (!isMoved(request.method ?? "")) return false;
    response.writeHead(status, { location: `${to}${request.url ?? ""}` }).end();
    return true;
  };
}

const told = (...all: GitServer[]): unknown[] =>
  all.flatMap(({ asked }) => asked.filter(({ authorization }) => authorization !== undefined));

describe.each(fetchers)("fetched with %s", (fetcher) => {
  const fetch = (address: string): Promise<Ran> =>
    scan(["git", "-c", rules, "--fetch-with", fetcher, address], user.env, folder);

  test.each([301, 302, 303, 307, 308])(
    "%d to another port: the list of refs is asked for there, without credentials",
    async (status) => {
      const there = await serve();
      const here = await serve(leading(there.origin, status, () => true));
      const ran = await fetch(`${withUser(here.origin)}/shop`);
      expect([told(here).length > 0, there.asked.length > 0, told(there)]).toEqual([true, true, []]);
      expect(ran.stdout + ran.stderr).not.toContain("sesame");
    },
  );

  test("credentials in what the redirect itself names are not used either", async () => {
    const there = await serve(isRight);
    const here = await serve(leading(withUser(renamed(there.origin)), 302, () => true));
    const ran = await fetch(`${withUser(here.origin)}/shop`);
    expect(ran.code).toBe(2);
    expect(ran.stdout + ran.stderr).not.toContain("sesame");
  });

  test.each([302, 307, 308])("%d where the pack is asked for: that is not followed", async (status) => {
    const there = await serve();
    const here = await serve(leading(renamed(there.origin), status, (method) => method === "POST"));
    const ran = await fetch(`${withUser(here.origin)}/shop`);
    expect([ran.code, there.asked]).toEqual([2, []]);
  });

  test("there and back again: they are told to their own host alone", async () => {
    const there = await serve((request, response) => {
      response.writeHead(302, { location: `${here.origin}/at-home${request.url ?? ""}` }).end();
      return true;
    });
    const here: GitServer = await serve((request, response) => {
      if (isRight(request, response)) return true;
      if (request.url?.startsWith("/at-home") === true) {
        request.url = request.url.slice("/at-home".length);
        return false;
      }
      response.writeHead(302, { location: `${renamed(there.origin)}${request.url ?? ""}` }).end();
      return true;
    });
    await fetch(`${withUser(here.origin)}/shop`);
    expect([there.asked.length > 0, told(there)]).toEqual([true, []]);
  });

  test("over and over: it ends", async () => {
    const here: GitServer = await serve((request, response) => {
      response.writeHead(302, { location: `${here.origin}/more${request.url ?? ""}` }).end();
      return true;
    });
    const ran = await fetch(`${here.origin}/shop`);
    expect([ran.code, here.asked.length < 100]).toEqual([2, true]);
  });
});

test("what git keeps for a host, in its store and in headers of the user's own, stays there", async () => {
  const there = await serve(isRight);
  const here = await serve(leading(renamed(there.origin), 302, () => true));
  writeFileSync(join(user.home, ".git-credentials"), `${withUser(here.origin)}\n`);
  const header = `Authorization: Basic ${Buffer.from("dana:sesame").toString("base64")}`;
  for (const config of [
    "[credential]\n\thelper = store\n",
    `[http "${here.origin}"]\n\textraHeader = ${header}\n`,
    `[credential]\n\thelper = store\n[http "${here.origin}"]\n\temptyAuth = true\n`,
  ]) {
    writeFileSync(join(user.home, ".gitconfig"), config);
    const ran = await scan(["git", "-c", rules, "--fetch-with", "git", `${here.origin}/shop`], user.env, folder);
    expect([ran.code, told(here).length > 0, told(there)]).toEqual([2, true, []]);
    expect(ran.stdout + ran.stderr).not.toContain("sesame");
  }
});
