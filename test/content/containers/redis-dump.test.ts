/** Dumps as Redis writes them, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { listMembers } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-redis-"));
afterAll(() => rmSync(folder, { recursive: true }));

const session = (i: number): string =>
  JSON.stringify({
    user: `user-${i}`,
    password: `marigold-${i * 7919}`,
    roles: ["reader", "writer", "reader", "writer"],
  });

/** A dump with values of each kind and of each length of lengths, made by a server that takes its commands from a script. */
function dump(): Buffer {
  const script = [
    "for i = 1, 300 do redis.call('SET', 'session:' .. i, ARGV[i]) end",
    "redis.call('HSET', 'settings', 'text', string.rep('a long text in a hash, ', 3), 'other', 'short one')",
    "redis.call('SET', 'long', string.rep('0123456789 of a longer text; ', 3000) .. ARGV[1])",
  ].join("\n");
  const server = `
    redis-server --port 0 --unixsocket "$1/socket" --dir "$1" --save "" --daemonize yes --pidfile "$1/pid" >/dev/null
    shift_to=$1; shift
    until redis-cli -s "$shift_to/socket" ping >/dev/null 2>&1; do :; done
    redis-cli -s "$shift_to/socket" eval "$@" >/dev/null
    redis-cli -s "$shift_to/socket" shutdown save`;
  const sessions = Array.from({ length: 300 }, (_, i) => session(i + 1));
  execFileSync("sh", ["-c", server, "sh", folder, script, "0", ...sessions], { stdio: "ignore" });
  return readFileSync(join(folder, "dump.rdb"));
}

describe.skipIf(!hasProgram("redis-server"))("a dump of Redis", () => {
  const bytes = dump();

  test("gives its packed texts as they were", () => {
    const { kind, members, faults } = listMembers(bytes);
    expect({ kind, faults, names: members.map(([name]) => name) }).toEqual({
      kind: "redis-dump",
      faults: [],
      names: [""],
    });
    const lines = members[0]![1].split("\n");
    const sessions = Array.from({ length: 300 }, (_, i) => session(i + 1));
    expect(sessions.filter((text) => !lines.includes(text))).toEqual([]);
    expect(sessions.some((text) => bytes.includes(text))).toBe(false);
    expect(lines).toContain("0123456789 of a longer text; ".repeat(3000) + session(1));
    expect(members[0]![1]).toContain("a long text in a hash, ".repeat(3));
  });

  test("that is changed anywhere neither throws nor hangs; one that seems to be packed texts alone is stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of changes) changed[at] = byte;
        listMembers(changed);
      }),
      { numRuns: 200 },
    );
    // Lengths of some thousand bytes, which come to nothing at their end.
    const vain = Buffer.concat([
      Buffer.from("REDIS0011"),
      Buffer.alloc(300_000, Buffer.from([0xc3, 0x7f, 0x00, 0x80, 0, 0, 0x7f, 0xff])),
    ]);
    expect(listMembers(vain).faults).toEqual(["bomb incomplete "]);
  });
});
