/**
 * Makes src/detect/judge/published-hashes.ts: short hashes of the secrets that released software holds, so that they are not reported as leaks.
 *
 *   node bench/published.mjs FOLDER…                  adds keys and wallets (detections with an offline proof) in these folders
 *   node bench/published.mjs --everything FOLDER…     adds what else is found there: for the sources of languages and distributions
 *
 * The program has to be built. Values are read, hashed and forgotten.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSource } from "./load-source.mjs";

const root = join(import.meta.dirname, "..");
const target = join(root, "src/detect/judge/published-hashes.ts");
const folders = process.argv.slice(2);
const everything = folders[0] === "--everything";
if (everything) folders.shift();

const { publishedHash } = await loadSource("src/detect/judge/published.ts");
const { headBytes } = await loadSource("src/detect/files/path-rules.ts");
const { publishedHashes } = await loadSource("src/detect/judge/published-hashes.ts");
const hashes = new Set(publishedHashes.match(/.{11}/g) ?? []);

const scratch = mkdtempSync(join(tmpdir(), "leaktrace-published-"));
try {
  const report = join(scratch, "report.jsonl");
  const flags = ["--no-cache", "--reveal", "-f", "jsonl", "-r", report];
  spawnSync(process.execPath, [join(root, "bin/leaktrace.js"), "dir", ...folders, ...flags], { stdio: "inherit" });
  for (const line of readFileSync(report, "utf8").split("\n")) {
    const finding = line === "" ? {} : JSON.parse(line);
    if (finding.kind !== "finding") continue;
    if (finding.secret === "") for (const identity of fileIdentities(finding)) hashes.add(publishedHash(identity));
    else if (isWanted(finding)) hashes.add(publishedHash(finding.secret));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** What a file that is a secret as a whole is known by: src/detect/files/path-rules.ts. */
function fileIdentities({ rule, sightings }) {
  const paths = sightings.flatMap(({ origin }) => (origin.member === undefined ? [origin.path] : []));
  return paths.map((path) => {
    const bytes = readFileSync(path);
    const digest = createHash("sha256").update(bytes.subarray(0, headBytes)).digest("hex");
    return `${rule.id} ${bytes.length} ${digest}`;
  });
}

/** Chosen passwords stay out: what a test of one library calls itself is the real password of somebody else. */
function isWanted({ confidence, rule, secret }) {
  if (confidence === "certain" || rule.id.startsWith("private-key")) return true;
  return everything && !/password|url-credentials|hash|netrc|cli-/.test(rule.id) && secret.length >= 12;
}

const lines =
  [...hashes]
    .sort((a, b) => (a < b ? -1 : 1))
    .join("")
    .match(/.{1,121}/g) ?? [];
writeFileSync(
  target,
  `// Made by bench/published.mjs; do not edit. Eleven characters each: the first eight bytes of a SHA-256, base64url.

export const publishedHashes =
${lines.map((line) => `  ${JSON.stringify(line)}`).join(" +\n") || '  ""'};
`,
);
console.error(`${hashes.size} hashes`);
