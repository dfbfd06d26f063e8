import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { entriesOf, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";
import { createUser, leftovers, scan } from "./remote-scan.ts";

const folder = scratch();
const rules = probeRules(folder);
const user = createUser(folder);
const shop = createRepository(join(folder, "shop"));
shop.commit("One", { "a.txt": `${probe("main")}\n` });
afterEach(() => expect(leftovers(user)).toEqual([]));

function keygen(name: string): string {
  const path = join(folder, name);
  const { status } = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  expect(status).toBe(0);
  return path;
}

/** An ssh command whose hosts are a real sshd on this machine, one for each connection. */
function sshCommand({ knowsHost, knowsKey }: { readonly knowsHost: boolean; readonly knowsKey: boolean }): string {
  const name = `${Number(knowsHost)}${Number(knowsKey)}`;
  const [host, key, other] = [keygen(`host-${name}`), keygen(`key-${name}`), keygen(`other-${name}`)];
  const read = (path: string): string => spawnSync("cat", [path], { encoding: "utf8" }).stdout.trim();
  writeFileSync(join(folder, `allowed-${name}`), `${read(`${key}.pub`)}\n`);
  writeFileSync(join(folder, `known-${name}`), knowsHost ? `shop.invalid ${read(`${host}.pub`)}\n` : "");
  const server = [
    `HostKey ${host}`,
    `AuthorizedKeysFile ${join(folder, `allowed-${name}`)}`,
    ...["StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin yes", "PidFile none"],
  ];
  writeFileSync(join(folder, `sshd-${name}`), `${server.join("\n")}\n`);
  // Where sshd of a system without its own start-up scripts looks for an empty folder.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const sshd = spawnSync("sh", ["-c", "command -v sshd"], { encoding: "utf8" }).stdout.trim();
  const client = [
    "Host shop.invalid",
    `User ${userInfo().username}`,
    `ProxyCommand ${sshd} -i -f ${join(folder, `sshd-${name}`)}`,
    `IdentityFile ${knowsKey ? key : other}`,
    ...["IdentitiesOnly yes", "BatchMode yes", "StrictHostKeyChecking yes"],
    `UserKnownHostsFile ${join(folder, `known-${name}`)}`,
    "GlobalKnownHostsFile /dev/null",
  ];
  const config = join(folder, `ssh-${name}`);
  writeFileSync(config, `${client.join("\n")}\n`);
  chmodSync(config, 0o600);
  return `ssh -F ${config}`;
}

const json = ["-f", "json", "-r", "-", "--reveal"];
const run = (address: string, command: string) =>
  scan(["git", "-c", rules, address, ...json], { ...user.env, GIT_SSH_COMMAND: command }, folder);

testWith("sshd")("a repository is fetched from a real server, by either form of its address", async () => {
  const command = sshCommand({ knowsHost: true, knowsKey: true });
  for (const address of [`ssh://shop.invalid${shop.path}`, `${userInfo().username}@shop.invalid:${shop.path}`]) {
    const ran = await run(address, command);
    expect([ran.stderr, ran.code]).toEqual([expect.not.stringContaining("cannot"), 1]);
    expect(entriesOf(ran).map(({ Secret }) => Secret)).toEqual([probe("main")]);
  }
  const none = await run(`ssh://shop.invalid${folder}/nothing`, command);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("there is no such repository")]);
});

testWith("sshd")("a key that is not let in, and a host that is not known, are told", async () => {
  const refused = await run(`ssh://shop.invalid${shop.path}`, sshCommand({ knowsHost: true, knowsKey: false }));
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("ssh was not let in")]);
  const unknown = await run(`ssh://shop.invalid${shop.path}`, sshCommand({ knowsHost: false, knowsKey: true }));
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("the ssh key of the host is not known")]);
});
