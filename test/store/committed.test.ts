import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { author, createRepository } from "../../fixtures/git/workshop.ts";
import { whole, writePack } from "../../fixtures/git/pack-writer.ts";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { leaktrace, probe, probeRules, scratch } from "../cli/scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Committed {
  readonly repository: string;
  readonly path: string;
  readonly commit: { readonly id: string; readonly author: string };
  readonly isEarlier?: boolean;
}

/** Scans with a cache; gives by path what places in images say of commits. */
function scan(targets: readonly string[], cache: string, ...more: readonly string[]): Record<string, Committed> {
  const args = ["scan", ...targets, "-f", "jsonl", "-r", "-", "--cache-dir", join(folder, cache), "-c", rules, ...more];
  const { stdout } = leaktrace(args, { cwd: folder });
  const places = stdout
    .split("\n")
    .filter((line) => line.includes(`"kind":"finding"`))
    .flatMap((line) => (JSON.parse(line) as { sightings: { origin: Record<string, unknown> }[] }).sightings)
    .filter(({ origin }) => origin["kind"] === "image" && origin["committed"] !== undefined);
  return Object.fromEntries(places.map(({ origin }) => [String(origin["path"]), origin["committed"] as Committed]));
}

async function image(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, `${name}.tar`);
  await buildImage(
    { tag: `${name}:1`, layers: [{ files, instruction: "COPY . /app" }] },
    { path, format: "oci-archive" },
  );
  return path;
}

describe("what scans of repositories know of files in images", () => {
  const secret = `A=${probe("known-before")}\n`;

  test("an image names the commit that an earlier scan of a repository saw", async () => {
    const shop = createRepository(join(folder, "shop"));
    const id = shop.commit("Settings", { "conf/a.env": secret });
    shop.commit("Gone again", { "conf/a.env": "A=\n" });
    const path = await image("app", { "app/a.env": secret, "app/other.env": `B=2\n${secret}` });
    expect(scan([path], "cache")).toEqual({});
    scan(["shop"], "cache");
    const wanted = { repository: join(folder, "shop"), path: "conf/a.env", isEarlier: true, isSameFile: true };
    expect(scan([path], "cache")).toMatchObject({ "app/a.env": { ...wanted, commit: { id } } });
    expect(Object.keys(scan([path], "cache"))).toEqual(["app/a.env"]);
    expect(scan([path], "cache", "--no-cache")).toEqual({});
    // What the run itself sees counts more, and tells of other files with the same secret too.
    const together = scan([path, "shop"], "cache");
    expect(together).toMatchObject({ "app/a.env": { repository: "shop" }, "app/other.env": { isSameFile: false } });
    expect(together["app/a.env"]).not.toHaveProperty("isEarlier");
    expect(together["app/other.env"]).not.toHaveProperty("isEarlier");
    const text = leaktrace(["scan", path, "-c", rules, "--cache-dir", join(folder, "cache"), "-f", "text", "-r", "-"]);
    expect(text.stdout).toContain(`was in ${join(folder, "shop")}: conf/a.env since ${id.slice(0, 12)}`);
  });

  test("a sweep with a journal names it as well", async () => {
    createRepository(join(folder, "swept")).commit("Settings", { "b.env": secret.replace("A=", "SWEPT=") });
    const path = await image("swept", { "b.env": secret.replace("A=", "SWEPT=") });
    scan(["swept"], "swept-cache", "--journal", join(folder, "one.journal"));
    const told = scan([path], "swept-cache", "--journal", join(folder, "two.journal"));
    expect(told).toMatchObject({ "b.env": { repository: join(folder, "swept"), isEarlier: true } });
  });

  test("a repository that gives other bytes the id of a file is not believed", async () => {
    const file = `A=${probe("claimed")}\n`;
    const id = createRepository(join(folder, "ids"))
      .feed(Buffer.from(file), "hash-object", "--stdin")
      .toString()
      .trim();
    const forged = join(folder, "forged");
    mkdirSync(join(forged, "refs/heads"), { recursive: true });
    writeFileSync(join(forged, "HEAD"), "ref: refs/heads/main\n");
    const tree = Buffer.concat([Buffer.from("100644 mine.env\0"), Buffer.from(id, "hex")]);
    const treeId = "11".repeat(20);
    const who = "Mallory <m@example.com> 1000000000 +0000";
    const commit = Buffer.from(`tree ${treeId}\nauthor ${who}\ncommitter ${who}\n\nMine\n`);
    const commitId = "22".repeat(20);
    writePack(join(forged, "objects"), "forged", [
      { ...whole("blob", Buffer.from(`A=${probe("something-else")}\n`)), id },
      { ...whole("tree", tree), id: treeId },
      { ...whole("commit", commit), id: commitId },
    ]);
    writeFileSync(join(forged, "refs/heads/main"), `${commitId}\n`);
    const told = leaktrace(["git", forged, "-c", rules, "-f", "jsonl", "--cache-dir", join(folder, "forged-cache")]);
    expect(told.stdout).toContain(`"path":"mine.env"`);
    expect(scan([await image("claimed", { "a.env": file })], "forged-cache")).toEqual({});
  });

  test("names neither file, author nor repository in the cache", () => {
    const shop = createRepository(join(folder, "silent"));
    const token = probe("token-in-a-name");
    shop.commit("Settings", { [`of-someone/${token}.env`]: `A=${token}\n` });
    const cache = join(folder, "silent-cache");
    scan(["silent"], "silent-cache");
    const bytes = Buffer.concat(readdirSync(cache).map((name) => readFileSync(join(cache, name))));
    expect(bytes.length).toBeGreaterThan(4096);
    for (const word of [token, "of-someone", "silent", author.email, author.name])
      expect(bytes.includes(word)).toBe(false);
  });
});
