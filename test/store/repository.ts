import { createCipheriv, createHash } from "node:crypto";
import { createRepository, type Workshop } from "../../fixtures/git/workshop.ts";
import { probe } from "../cli/scan-program.ts";

/** Bytes that do not deflate: a repository has to be worth a cache. The same seed gives the same bytes. */
export function noise(seed: string, length: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A repository of some five megabytes: secrets in files and versions of them, in a message, in a branch that is gone; and much that is clean. */
export function largeRepository(path: string): Workshop {
  const shop = createRepository(path);
  shop.commit("One", {
    "noise.bin": noise("one", 5_000_000),
    "a.txt": `${probe("a")}\nline\n`,
    "clean.txt": "clean\n",
  });
  for (let i = 0; i < 12; i++)
    shop.commit(`More ${i}`, {
      [`dir/${i % 3}.txt`]: `${"text\n".repeat(200)}${i}\n`,
      "a.txt": `${probe("a")}\nline ${i}\n`,
    });
  shop.commit(`A message with ${probe("message")}`, { "b/c.txt": "prb_0000 is no secret\n" });
  shop.git("checkout", "-q", "-b", "gone");
  shop.commit("Gone", { "gone.txt": probe("gone") });
  shop.git("checkout", "-q", "main");
  shop.git("branch", "-q", "-D", "gone");
  return shop;
}
