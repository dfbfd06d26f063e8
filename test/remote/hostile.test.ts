import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { fetchers } from "../../src/remote/fetchers.ts";
import { entriesOf, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";
import { serveGit, type Answer, type GitServer } from "./git-server.ts";
import { createUser, leftovers, scan } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const user = createUser(folder);
const served = join(folder, "served");
const shop = createRepository(join(served, "shop"));
shop.commit("One", { "a.txt": `${probe("main")}\n` });
for (const ref of ["refs/pull/7/head", "refs/pull/8/head", "refs/pull/9/head"]) shop.git("update-ref", ref, "HEAD");

const servers: GitServer[] = [];
async function serve(answer: Answer): Promise<string> {
  const server = await serveGit(served, answer);
  servers.push(server);
  return `${server.origin}/shop`;
}
afterAll(() => servers.forEach((server) => server.close()));
afterEach(() => expect(leftovers(user)).toEqual([]));

const list = "application/x-git-upload-pack-advertisement";
const oid = "1".repeat(40);
const line = (text: string): string => (Buffer.byteLength(text) + 4).toString(16).padStart(4, "0") + text;
const head = `${line("# service=git-upload-pack\n")}0000`;

/** The server answers every question with this, called git's own. */
function says(text: string): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": list }).end(text);
    return true;
  };
}

test.each(
  fetchers.flatMap((fetcher) =>
    [
      ["nothing", ""],
      ["words", "hello"],
      ["lengths that lie", `${head}ffff${line("x\n")}`],
      ["lengths of no sense", `${head}0003`],
      ["a list that is cut off", `${head}00ff${oid} refs/heads/main`],
      ["refs without ids", `${head}${line("zzz refs/heads/main\0agent=x\n")}0000`],
      ["an error with escapes", line("ERR \x1b]0;sesame\x07 sesame\n")],
      ["a hash that nobody knows", `${line("version 2\n")}${line("object-format=md5\n")}0000`],
      ["its list for a pack", `${head}${line(`${oid} refs/heads/main\0side-band-64k ofs-delta\n`)}0000`],
    ].map(([name, text]) => [fetcher, name, text] as const),
  ),
)("fetched with %s: a server that answers %s is told in one line", async (fetcher, _name, text) => {
  const address = await serve(says(text!));
  const ran = await scan(["git", "-c", rules, "--fetch-with", fetcher, address], user.env, folder);
  expect([ran.code, ran.stdout]).toEqual([2, ""]);
  expect(ran.stderr).toMatch(/^leaktrace: cannot fetch http:\S+: [^\n]+\n {2}[^\n]+\n$/);
  // oxlint-disable-next-line no-control-regex -- what a terminal obeys is what is looked for
  expect(ran.stderr).not.toMatch(/sesame|[\x00-\x09\x0b-\x1f]/);
});

test.each(fetchers)("fetched with %s: a pack of garbage is not scanned", async (fetcher) => {
  const address = await serve((request, response) => {
    if (request.method === "GET") {
      delete request.headers["git-protocol"];
      return false;
    }
    const pack = Buffer.concat([Buffer.from("PACK\0\0\0\x02\xff\xff\xff\xff", "latin1"), Buffer.alloc(5000, 7)]);
    const length = (pack.length + 5).toString(16).padStart(4, "0");
    response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
    response.end(Buffer.concat([Buffer.from(`0008NAK\n${length}\x01`), pack, Buffer.from("0000")]));
    return true;
  });
  const ran = await scan(["git", "-c", rules, "--fetch-with", fetcher, address], user.env, folder);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("cannot fetch")]);
});

test.each(fetchers)("fetched with %s: a pack that does not end is ended", async (fetcher) => {
  const address = await serve((request, response) => {
    if (request.method === "GET") {
      delete request.headers["git-protocol"];
      return false;
    }
    response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
    // One object of any size, stored as it is (RFC 1951): blocks of zeros without an end.
    const begin = Buffer.from("PACK\0\0\0\x02\0\0\0\x01\xb0\x80\x80\x80\x80\x80\x80\x01\x78\x01", "latin1");
    const block = Buffer.concat([Buffer.from("\0\xf0\xff\x0f\0", "latin1"), Buffer.alloc(0xfff0)]);
    const band = (bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from(`${(bytes.length + 5).toString(16).padStart(4, "0")}\x01`), bytes]);
    response.write(Buffer.concat([Buffer.from("0008NAK\n"), band(begin)]));
    const half = Math.floor(block.length / 2);
    const pieces = Buffer.concat([band(block.subarray(0, half)), band(block.subarray(half))]);
    const more = (): void => {
      while (!response.destroyed && response.write(pieces));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
    return true;
  });
  const ran = await scan(
    ["git", "-c", rules, "--fetch-with", fetcher, "--max-fetch-megabytes", "3", address],
    user.env,
    folder,
  );
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/larger than what may be fetched/)]);
});

/** Answers with this, and then with that over and over. */
function without(end: string, start: string, type: string, response: ServerResponse): void {
  response.writeHead(200, { "content-type": type });
  response.write(start);
  const piece = end.repeat(1 + Math.floor(60_000 / end.length));
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

const offer = `${head}${line(`${oid} refs/heads/main\0side-band-64k ofs-delta\n`)}`;
test.each([
  ["lines with nothing in them", offer, "0004", ""],
  ["ends of lists", head, "0000", ""],
  ["features with nothing in them", `${head}${line("version 2\n")}`, "0004", ""],
  ["commits where history is cut off", `${offer}0000`, line(`shallow ${oid}\n`), ""],
  ["news of its progress", `${offer}0000`, line("\x02Counting\r"), "0008NAK\n"],
  ["parts of a pack with nothing in them", `${offer}0000`, line("\x01"), "0008NAK\n"],
])("without git, a server that sends %s without end is left", async (_name, answer, endless, before) => {
  const isOfList = before === "" && !endless.includes("shallow");
  const address = await serve((request, response) => {
    if (request.method === "POST") without(endless, before, "application/x-git-upload-pack-result", response);
    else if (isOfList) without(endless, answer, list, response);
    else response.writeHead(200, { "content-type": list }).end(answer);
    return true;
  });
  const ran = await scan(["git", "-c", rules, "--fetch-with", "builtin", address], user.env, folder);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("the server says too much")]);
});

testWith("git")("with git, progress and refs without end are ended", async () => {
  const main = line(`${oid} HEAD symref-target:refs/heads/main\n`) + line(`${oid} refs/heads/main\n`);
  const first = `${head}${line("version 2\n")}${line("ls-refs\n")}${line("fetch\n")}0000`;
  const of = [
    { start: `${main}`, endless: line(`${oid} refs/heads/${"x".repeat(9000)}\n`) },
    {
      start: `${main}0000`,
      endless: "",
      fetched: [line("packfile\n"), line(`\x02${`${"Counting".repeat(99)}\r`.repeat(50)}`)],
    },
  ] as const;
  for (const { start: begin, endless, ...then } of of) {
    const address = await serve((request, response) => {
      const type = "application/x-git-upload-pack-result";
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString("latin1")));
      request.on("end", () => {
        if (request.method === "GET") response.writeHead(200, { "content-type": list }).end(first);
        else if ("fetched" in then && body.includes("command=fetch"))
          without(then.fetched[1], then.fetched[0], type, response);
        else if (endless === "") response.writeHead(200, { "content-type": type }).end(begin);
        else without(endless, begin, type, response);
      });
      return true;
    });
    const ran = await scan(["git", "-c", rules, "--fetch-with", "git", address], user.env, folder);
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringMatching(/larger than what may|answers and sends nothing/),
    ]);
  }
});

test("names that no ref may have lead nowhere; without git what they hold is scanned all the same", async () => {
  const names = ["refs/../etc/evil", "refs/pull/\x1b[31mm", "refs/pull/9/.ock"];
  const address = await serve((request, response) => {
    delete request.headers["git-protocol"];
    if (request.method === "POST") return false;
    const write = response.write.bind(response);
    // Names keep their lengths, so lines keep theirs.
    response.write = (piece: Buffer) => {
      let text = piece.toString("latin1");
      for (const [i, name] of names.entries()) text = text.replace(`refs/pull/${7 + i}/head`, name.padEnd(16, "x"));
      return write(Buffer.from(text, "latin1"));
    };
    return false;
  });
  const json = ["-f", "json", "-r", "-", "--reveal"];
  for (const [fetcher, told] of [
    ["builtin", "3 refs have names that git does not take"],
    ["git", "3 refs of the repository cannot be fetched"],
  ] as const) {
    const ran = await scan(["git", "-c", rules, "--fetch-with", fetcher, address, ...json], user.env, folder);
    expect(ran.stderr).toContain(told);
    expect(ran.stderr).not.toContain("\x1b");
    expect(entriesOf(ran).map(({ Secret }) => Secret)).toEqual([probe("main")]);
  }
});

test("a host that does not answer is told, and so is an address that is none in a list", async () => {
  const targets = join(folder, "targets.txt");
  writeFileSync(targets, "http://127.0.0.1:1/a\nhttps://dana:sesame@/\nhttp://host.invalid/a\n");
  const ran = await scan(["scan", "-c", rules, "--targets", targets, "--fetch-with", "builtin"], user.env, folder);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("http://127.0.0.1:1/a: cannot be fetched: the server cannot be reached");
  expect(ran.stderr).toContain("https:///: cannot be fetched: is not a URL");
  expect(ran.stderr).toContain("http://host.invalid/a: cannot be fetched: the name of the host is not known");
  expect(ran.stderr + ran.stdout).not.toContain("sesame");
});
