/**
 * In how many of the ways in which people write a secret it is found, whatever its shape and whoever issued it: docs/accuracy.md, "Ways of writing". Each line of
 * bench/ways-of-writing.txt is one way; `\n` and `\t` stand for themselves. In it `{v}` is the value, `{p}` and `{P}` the service, and the whole name is
 * `{sn}` (snake case), `{UP}`, `{ke}` (kebab), `{Pa}`, `{ca}`, `{Ti}` (words); with `r_` in front, its last part alone: `{r_sn}`.
 *
 *   npm run build && node bench/ways.mjs [--all]
 */
import { readFileSync } from "node:fs";
import { createDetector, instantiateKernel, loadEngine, unpackPrebuilt } from "../src/detect/index.ts";
import type { Ruleset } from "../src/model/rule.ts";
import { createRandom } from "../src/rules/random.ts";
import { fillTemplate } from "../src/rules/templates.ts";

const dist = (name: string): Buffer => readFileSync(`dist/${name}`);
// The build wrote it.
const ruleset = JSON.parse(dist("rules.json").toString("utf8")) as Ruleset;
const prebuilt = unpackPrebuilt(dist("kernel.bin"), ruleset);
const detector = createDetector({
  ruleset,
  engine: await loadEngine(),
  code: instantiateKernel(new WebAssembly.Module(new Uint8Array(dist("kernel.wasm")))),
  decodeDepth: 5,
  honourInlineAllow: true,
  ...(prebuilt === undefined ? {} : { prebuilt }),
});

const shapes: Readonly<Record<string, string>> = {
  UUID: "${uuid}",
  "hex, 32": "${hex:32}",
  "hex, 40": "${hex:40}",
  "hex, 64": "${hex:64}",
  "hex in capitals": "${HEX:32}",
  "base36, 20": "${lowernum:20}",
  "base36, 32": "${lowernum:32}",
  "base62, 16": "${alnum:16}",
  "base62, 20": "${alnum:20}",
  "base62, 24": "${alnum:24}",
  "base62, 32": "${alnum:32}",
  "base62, 40": "${alnum:40}",
  "base62, 64": "${alnum:64}",
  "URL-safe base64": "${base64url:43}",
  "base64, 44": "${base64:43}=",
  "base64, 88": "${base64:86}==",
  "a prefix with underscores": "zq_live_${alnum:24}",
  "a prefix with a hyphen": "zqk-${lowernum:32}",
  "two parts": "${alnum:22}.${base64url:43}",
  "capitals and digits": "${uppernum:20}",
  "a password": "${alnum:10}!${digits:2}",
};
const services = ["zorblat", "quexly", "fenwick pay", "munito"];
const roles =
  "api key,token,secret,access token,client secret,auth token,secret key,password,private key,app secret,webhook secret,access key,consumer secret,license key,refresh token,signing key".split(
    ",",
  );
const drawsOfShape = 2;

const pascal = (words: readonly string[]): string[] =>
  words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));

function spellings(words: readonly string[]): Readonly<Record<string, string>> {
  const joined = pascal(words).join("");
  return {
    sn: words.join("_"),
    UP: words.join("_").toUpperCase(),
    ke: words.join("-"),
    Pa: joined,
    ca: joined.slice(0, 1).toLowerCase() + joined.slice(1),
    Ti: pascal(words).join(" "),
    Hd: pascal(words).join("-"),
  };
}

const random = createRandom("ways");
const ways = readFileSync("bench/ways-of-writing.txt", "utf8").split("\n").filter(Boolean);
const byShape = new Map<string, { found: number; drawn: number }>();
const misses: { way: string; share: number; sample: string }[] = [];
let turn = 0;

for (const way of ways) {
  let [found, drawn, sample] = [0, 0, ""];
  for (const [shape, template] of Object.entries(shapes)) {
    for (let draw = 0; draw < drawsOfShape; draw++, turn++) {
      const role = roles[turn % roles.length]!.split(" ");
      const service = services[turn % services.length]!.split(" ");
      const value = fillTemplate(template, random);
      const text = fill(way, service, role, value);
      const isFound = detector.scan(Buffer.from(text)).detections.some(({ secret }) => secret.includes(value));
      const tally = byShape.get(shape) ?? { found: 0, drawn: 0 };
      byShape.set(shape, tally);
      tally.drawn++;
      drawn++;
      if (isFound) {
        tally.found++;
        found++;
      } else if (sample === "") sample = text.trim();
    }
  }
  if (found < drawn) misses.push({ way, share: found / drawn, sample });
}

function fill(way: string, service: readonly string[], role: readonly string[], value: string): string {
  const [whole, last] = [spellings([...service, ...role]), spellings(role)];
  const own: Readonly<Record<string, string>> = {
    v: value,
    vn: String(value.length),
    n: String(whole.sn?.length),
    p: service.join(""),
    P: pascal(service).join(""),
  };
  const lines = way.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\t`, "\t");
  const filled = lines.replaceAll(
    /\{(r_)?(sn|UP|ke|Pa|ca|Ti|Hd|p|P|vn|v|n)\}/g,
    (_, part: string | undefined, form: string) => own[form] ?? (part === undefined ? whole : last)[form] ?? "",
  );
  return `\n${filled}\n`;
}

const percent = (part: number, of: number): string => `${((100 * part) / of).toFixed(1)} %`;
const all = [...byShape.values()];
const total = (of: (one: { found: number; drawn: number }) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);
console.log(
  `${ways.length} ways, ${total((one) => one.drawn)} texts: found ${percent(
    total((one) => one.found),
    total((one) => one.drawn),
  )}, nothing of ${misses.filter(({ share }) => share === 0).length} ways`,
);
for (const [shape, { found, drawn }] of byShape) console.log(`  ${percent(found, drawn)} ${shape}`);
const shown = process.argv.includes("--all") ? 1 : 0.5;
for (const { way, share, sample } of misses.sort((a, b) => a.share - b.share))
  if (share < shown) console.log(`${percent(share, 1)} ${way}\n    ${JSON.stringify(sample).slice(0, 160)}`);
