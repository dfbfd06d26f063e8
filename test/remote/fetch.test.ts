import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { entriesOf, probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { serveGit, withPassword, type Answer, type GitServer } from "./git-server.ts";
import { fetchers } from "../../src/remote/fetchers.ts";
import { createUser, leftovers, scan, start } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const user = createUser(folder);
const served = join(folder, "served");
mkdirSync(served);

const shop = createRepository(join(served, "shop"));
shop.commit("One", { "a.txt": `${probe("main")}\n` });
shop.commit("Two", { "a.txt": "gone\n" });
shop.git("notes", "add", "-m", `See ${probe("note")}`, "HEAD");
shop.git("tag", "-a", "v1", "-m", `Released with ${probe("tag")}`);
shop.git("checkout", "-q", "-b", "side");
shop.commit("Asked for", { "b.txt": `${probe("pull")}\n` });
shop.git("update-ref", "refs/pull/7/head", "HEAD");
shop.git("checkout", "-q", "main");
shop.git("branch", "-q", "-D", "side");
createRepository(join(served, "empty"), "--bare");
const sha256 = createRepository(join(served, "other-ids"), "--object-format=sha256");
sha256.commit("One", { "a.txt": `${probe("main")}\n` });
sha256.git("tag", "-a", "v1", "-m", "Tagged");
shop.git("clone", "-q", "--no-local", "--depth", "1", `file://${shop.path}`, join(served, "cut-off"));
writeFileSync(join(served, "cut-off", "b.txt"), probe("pull"));
const detached = createRepository(join(served, "detached"));
detached.commit("One", { "a.txt": `${probe("main")}\n` });
detached.git("checkout", "-q", "--detach");
detached.commit("Two", { "a.txt": "gone\n" });
const wide = createRepository(join(served, "wide"));
wide.commit("Noise", Object.fromEntries(noise(400)));

/** Files that no delta and no compression makes small. */
function noise(count: number): [string, Uint8Array][] {
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647);
  return Array.from({ length: count }, (_, i) => [`n${i}.bin`, Uint8Array.from({ length: 20_000 }, () => next() >> 8)]);
}

const servers: GitServer[] = [];
async function serve(answer?: Answer): Promise<GitServer> {
  const server = await serveGit(served, answer);
  servers.push(server);
  return server;
}
afterAll(() => servers.forEach((server) => server.close()));

function git(...args: readonly string[]): Promise<Ran> {
  return scan(["git", "-c", rules, ...args], user.env, folder);
}

/** Which of the planted secrets were found, and where. */
function found(ran: Ran): readonly [string, string][] {
  return entriesOf(ran)
    .map(({ Secret, File }): [string, string] => [seeds.find((seed) => probe(seed) === Secret) ?? Secret, File])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
const seeds = ["main", "note", "tag", "pull"];
const json = ["-f", "json", "-r", "-", "--reveal"];
const all = [
  ["main", "a.txt"],
  ["note", expect.any(String)],
  ["pull", "b.txt"],
  ["tag", expect.any(String)],
];

afterEach(() => expect(leftovers(user)).toEqual([]));

describe.each(fetchers)("a repository elsewhere, fetched with %s", (fetcher) => {
  const by = ["--fetch-with", fetcher];

  test("is scanned whole: branches, tags, notes, pull requests", async () => {
    const { origin } = await serve();
    const ran = await git(...by, `${origin}/shop`, ...json);
    expect(ran.stderr).not.toContain(user.temporary);
    expect([ran.code, found(ran)]).toEqual([1, all]);
  });

  test("by scan too, and as a line of a list; the report calls it by its address", async () => {
    const { origin } = await serve(withPassword("dana", "sesame"));
    const list = join(folder, `list-${fetcher}.txt`);
    const secret = `${origin.replace("//", "//dana:sesame@")}/shop`;
    writeFileSync(list, `${secret}\n${origin}/shop\n${origin}/nothing\n`);
    const journal = `${list}.journal.jsonl`;
    const ran = await scan(["scan", "-c", rules, ...by, "--targets", list, "-f", "jsonl", "-r", "-"], user.env, folder);
    expect(ran.code).toBe(1);
    const { targets } = JSON.parse(ran.stdout.trim().split("\n").at(-1)!) as {
      targets: { target: string; status: string }[];
    };
    expect(targets.map(({ target, status }) => [target, status])).toEqual([
      [`${origin}/nothing`, "unreachable"],
      [`${origin}/shop`, "found"],
    ]);
    expect(ran.stdout + ran.stderr + readFileSync(journal, "utf8")).not.toContain("sesame");
  });

  test("is selected from as one at hand", async () => {
    const { origin } = await serve();
    const ran = await git(...by, `${origin}/shop`, "--log-opts", "refs/pull/7/head ^main", ...json);
    expect([ran.code, found(ran)]).toEqual([1, [["pull", "b.txt"]]]);
    const staged = await git(...by, `${origin}/shop`, "--staged");
    expect([staged.code, staged.stderr]).toEqual([2, expect.stringContaining("is fetched: it has no changes")]);
  });

  test("that is empty is clean", async () => {
    const { origin } = await serve();
    const ran = await git(...by, `${origin}/empty`);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("no secrets")]);
  });

  test("is fetched with the credentials of its address, which nobody else sees", async () => {
    const lines: string[] = [];
    const isRight = withPassword("dana", "ses ame:@/");
    const { origin } = await serve((request, response) => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
        if (existsSync(`/proc/${pid}/cmdline`)) lines.push(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      return isRight(request, response);
    });
    const address = `${origin.replace("//", "//dana:ses%20ame%3A%40%2F@")}/shop`;
    // Only leaktrace's own argument has it.
    const list = join(folder, `credentials-${fetcher}.txt`);
    writeFileSync(list, `${address}\n`);
    writeFileSync(join(user.home, ".gitconfig"), `[credential]\n\thelper = store\n`);
    const ran = await scan(["scan", "-c", rules, ...by, "--targets", list, ...json.slice(0, 4)], user.env, folder);
    expect([ran.code, found(ran).length]).toEqual([1, 4]);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /ses.{0,3}ame/.test(line))).toEqual([]);
    expect(ran.stdout + ran.stderr).not.toMatch(/ses.{0,3}ame/);
    expect(existsSync(join(user.home, ".git-credentials"))).toBe(false);
    writeFileSync(join(user.home, ".gitconfig"), "");
  });

  test.each([
    ["without credentials", "", "asks for credentials"],
    ["with wrong ones", "dana:wrong@", "refuses the credentials"],
  ])("that wants credentials is not fetched %s", async (_name, given, why) => {
    const { origin } = await serve(withPassword("dana", "sesame"));
    const ran = await git(...by, `${origin.replace("//", `//${given}`)}/shop`);
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringContaining(`leaktrace: cannot fetch ${origin}/shop: the server ${why}`),
    ]);
    expect(ran.stderr).not.toContain("wrong");
  });

  test.each([
    [403, "forbids it"],
    [404, "no such repository"],
    [200, "is no git repository"],
  ])("where the server answers %d is not fetched", async (status, why) => {
    const { origin } = await serve((_request, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end("<html>\x1b[31m hello");
      return true;
    });
    const ran = await git(...by, `${origin}/shop`);
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, "", expect.stringContaining(why)]);
    expect(ran.stderr).toMatch(/^leaktrace: [^\n]+\n {2}[^\n]+\n$/);
    expect(ran.stderr).not.toContain("\x1b");
  });

  test("leads elsewhere: that is followed, and the credentials stay behind", async () => {
    const [open, closed] = [await serve(), await serve(withPassword("dana", "sesame"))];
    for (const [there, code] of [
      [open, 1],
      [closed, 2],
    ] as const) {
      const other = there.origin.replace("127.0.0.1", "localhost");
      const here = await serve((request, response) => {
        response.writeHead(302, { location: `${other}${request.url ?? ""}` }).end();
        return true;
      });
      const ran = await git(...by, `${here.origin.replace("//", "//dana:sesame@")}/shop`, ...json);
      expect(ran.code).toBe(code);
      if (code === 1) expect(found(ran)).toEqual(all);
      else expect(ran.stderr).toContain("the server asks for credentials");
      expect(there.asked.length).toBeGreaterThan(0);
      expect(there.asked.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    }
  });

  test("is fetched by the older protocol too", async () => {
    const { origin, asked } = await serve((request) => {
      delete request.headers["git-protocol"];
      return false;
    });
    const ran = await git(...by, `${origin}/shop`, ...json);
    expect([ran.code, found(ran)]).toEqual([1, all]);
    expect(asked.some(({ protocol }) => protocol?.includes("version=2"))).toBe(true);
  });

  test("of which only half comes is not scanned", async () => {
    const { origin } = await serve((request, response) => {
      if (request.method !== "POST") return false;
      const write = response.write.bind(response);
      let sent = 0;
      response.write = (piece: Buffer) => {
        sent += piece.length;
        if (sent > 2_000_000) response.destroy();
        return write(piece);
      };
      return false;
    });
    const ran = await git(...by, `${origin}/wide`);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("the connection broke off")]);
  });

  test("that is larger than allowed is not fetched", async () => {
    const { origin } = await serve();
    const ran = await git(...by, "--max-fetch-megabytes", "1", `${origin}/wide`);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("larger than what may be fetched")]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("leaves nothing behind at %s", async (signal) => {
    let hasBegun = (): void => {};
    const begun = new Promise<void>((done) => (hasBegun = done));
    const { origin } = await serve((request) => {
      if (request.method === "GET") return false;
      hasBegun();
      return true;
    });
    const { pid, ended } = start(["git", "-c", rules, ...by, `${origin}/wide`], user.env, folder);
    await begun;
    const [left, ...others] = leftovers(user);
    expect([others, statSync(join(user.temporary, left!)).mode & 0o777]).toEqual([[], 0o700]);
    process.kill(pid, signal);
    const ran = await ended;
    expect([ran.code, ran.stdout]).toEqual([signal === "SIGINT" ? 130 : 143, expect.stringContaining("interrupted")]);
  });

  test("leaves behind what the next fetch removes, when it is killed", async () => {
    let hasBegun = (): void => {};
    const begun = new Promise<void>((done) => (hasBegun = done));
    const first = await serve((request) => {
      if (request.method === "GET") return false;
      hasBegun();
      return true;
    });
    const { pid, ended } = start(["git", "-c", rules, ...by, `${first.origin}/wide`], user.env, folder);
    await begun;
    const [left] = leftovers(user);
    process.kill(pid, "SIGKILL");
    await ended;
    first.close();
    expect(leftovers(user)).toEqual([left]);
    // A run that is still there keeps its own.
    const own = left!.replace(/^(leaktrace-fetch-)\d+-\d+/, `$1${process.pid}-0`);
    mkdirSync(join(user.temporary, own));
    const { origin } = await serve();
    const ran = await git(...by, `${origin}/empty`);
    expect([ran.code, leftovers(user)]).toEqual([0, [own]]);
    rmdirSync(join(user.temporary, own));
  });
});

test("what was fetched without git is what git fetches, byte for byte", async () => {
  const { origin } = await serve();
  for (const name of ["shop", "wide", "other-ids", "cut-off", "detached"]) {
    const [one, other] = [...fetchers].map((fetcher) =>
      git("--fetch-with", fetcher, `${origin}/${name}`, "-f", "jsonl"),
    );
    const [first, second] = [await one!, await other!];
    expect([name, second.code, second.stdout]).toEqual([name, first.code, first.stdout]);
    expect(first.stderr).toEqual(second.stderr);
    expect(first.code).toBe(name === "wide" ? 0 : 1);
  }
});

test("where git is not installed, http is spoken without it, and ssh is not", async () => {
  const { origin } = await serve();
  const env = { ...user.env, PATH: folder };
  const ran = await scan(["git", "-c", rules, `${origin}/shop`, ...json], env, folder);
  expect([ran.code, found(ran)]).toEqual([1, all]);
  const ssh = await scan(["git", "-c", rules, "git@host.invalid:shop"], env, folder);
  expect([ssh.code, ssh.stderr]).toEqual([2, expect.stringContaining("ssh needs git")]);
});

describe("of what the user set for git", () => {
  test("helpers for credentials count, hooks and everything else does not", async () => {
    const hooks = join(folder, "hooks");
    mkdirSync(hooks);
    for (const name of ["reference-transaction", "post-checkout"]) {
      writeFileSync(join(hooks, name), `#!/bin/sh\ntouch ${join(folder, "ran")}\n`);
      chmodSync(join(hooks, name), 0o755);
    }
    const { origin } = await serve(withPassword("dana", "sesame"));
    writeFileSync(join(user.home, ".git-credentials"), `${origin.replace("//", "//dana:sesame@")}\n`);
    const config = [
      "[core]",
      `hooksPath = ${hooks}`,
      "[credential]",
      "helper = store",
      "[init]",
      `templateDir = ${folder}`,
    ];
    writeFileSync(join(user.home, ".gitconfig"), `${config.join("\n")}\n`);
    const ran = await git(`${origin}/shop`, ...json);
    const asDana = await git(`${origin.replace("//", "//dana@")}/shop`, ...json);
    writeFileSync(join(user.home, ".gitconfig"), "");
    expect([ran.code, found(ran), asDana.code]).toEqual([1, all, 1]);
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });
});

describe("other addresses", () => {
  test("file:// is a path", async () => {
    const ran = await git(`file://${served}/shop`, ...json);
    expect([ran.code, found(ran).map(([seed]) => seed)]).toEqual([1, ["main", "note", "pull", "tag"]]);
  });

  test.each(["ssh://git@host.invalid/shop", "git@host.invalid:shop"])("%s is asked for by ssh", async (address) => {
    const asked = join(folder, "asked.txt");
    const stand = join(folder, "ssh.sh");
    // What sshd would run, without the way there.
    writeFileSync(
      stand,
      `#!/bin/sh\necho "$@" >>${asked}\nfor last; do :; done\ncd ${served} && eval "$(echo "$last" | sed "s#'/#'#")"\n`,
    );
    chmodSync(stand, 0o755);
    const env = { ...user.env, GIT_SSH_COMMAND: stand, GIT_SSH_VARIANT: "ssh" };
    const ran = await scan(["git", "-c", rules, address, ...json], env, folder);
    expect([ran.code, found(ran)]).toEqual([1, all]);
    expect(readFileSync(asked, "utf8")).toContain("git@host.invalid git-upload-pack");
  });

  test.each([
    ["git://host.invalid/a", "not by git"],
    ["ext::sh -c true", "not by ext"],
    ["https://host.invalid/a?token=sesame", "no query"],
  ])("%s is not fetched", async (address, why) => {
    const ran = await git(address);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(ran.stderr).not.toContain("sesame");
  });
});

test("commands that look into a target take an address, and none of them repeats its credentials", async () => {
  const { origin } = await serve(withPassword("dana", "sesame"));
  const address = `${origin.replace("//", "//dana:sesame@")}/shop`;
  const report = JSON.parse(
    (await scan(["scan", "-c", rules, address, "-f", "jsonl"], user.env, folder)).stdout.split("\n")[0]!,
  ) as {
    fingerprint: string;
  };
  const runs = [
    await scan(["explain", "-c", rules, report.fingerprint, address], user.env, folder),
    await scan(["explain", "-c", rules, "lt10000", address], user.env, folder),
    await scan(["rules", "diff", rules, rules, address], user.env, folder),
    await scan(["config", "show", "-c", rules, address], user.env, folder),
    await scan(["review", "-c", rules, address], user.env, folder),
    await scan(["image", address], user.env, folder),
    await scan(["dir", address], user.env, folder),
  ];
  expect(runs.slice(0, 1).map(({ code }) => code)).toEqual([0]);
  for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain("sesame");
});
