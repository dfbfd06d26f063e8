import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { unzipped } from "../../../src/detect/decode/unzip.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";

/** What Python's zipfile writes for two files: to a file that it can go back in, or to one that it cannot (sizes stand behind each entry then). */
function zip(files: Readonly<Record<string, string>>, how: "ZIP_DEFLATED" | "ZIP_STORED", canSeek: boolean): Buffer {
  const program = `
import io, json, sys, zipfile
files, how, can_seek = json.load(sys.stdin)
class Stream(io.BytesIO):
    def seekable(self): return can_seek
    def seek(self, *a):
        if not can_seek: raise OSError
        return super().seek(*a)
    def tell(self):
        if not can_seek: raise OSError
        return super().tell()
out = Stream()
with zipfile.ZipFile(out, "w", getattr(zipfile, how)) as archive:
    for name, text in files.items():
        archive.writestr(name, text)
sys.stdout.buffer.write(out.getvalue())
`;
  return execFileSync("python3", ["-c", program], { input: JSON.stringify([files, how, canSeek]) });
}

const text = "line of the file\n".repeat(50);

it.each([
  ["deflated", "ZIP_DEFLATED", true],
  ["deflated, with sizes behind", "ZIP_DEFLATED", false],
  ["stored", "ZIP_STORED", true],
] as const)("files %s are read", (_, how, canSeek) => {
  const packed = zip({ "a/one.txt": text, "two.env": "A=1\n" }, how, canSeek);
  expect(unzipped(packed).text.toString()).toBe(`${text}\nA=1\n\n`);
});

it("what is cut off, damaged or too large ends the archive", () => {
  const packed = zip({ "one.txt": text, "two.txt": text }, "ZIP_DEFLATED", true);
  expect(unzipped(packed.subarray(0, packed.indexOf("two.txt") - 2)).text.toString()).toBe(`${text}\n`);
  expect(unzipped(packed.subarray(0, 20)).text.length).toBe(0);
  expect(unzipped(zip({ "zeros.bin": "0".repeat(40_000_000) }, "ZIP_DEFLATED", true)).text.length).toBe(0);
  const damaged = Buffer.from(packed);
  damaged.fill(0xff, 40, 60);
  expect(() => unzipped(damaged)).not.toThrow();
});

it("the secret of a mail's attachment is found", () => {
  const value = createRandom("attachment").chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 32);
  const packed = zip({ "prod.env": `APP_ENV=prod\nBILLING_API_KEY=${value}\n` }, "ZIP_DEFLATED", true);
  const lines = packed.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  const mail = `MIME-Version: 1.0\r\nContent-Type: application/zip; name="prod.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n--x--\r\n`;
  const { detections } = detectorOf(builtinRuleset(), { decodeDepth: 5 }).scan(Buffer.from(mail));
  expect(detections.map(({ secret, tags }) => [secret, tags.includes("decoded:zip")])).toContainEqual([value, true]);
});
