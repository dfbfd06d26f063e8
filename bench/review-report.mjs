/** A report in JSON lines as a large sweep leaves it, for measuring and for tests of the review: the mix is fixed, no value in it is a secret. */

const kinds = [
  ["generic-assignment", 30, "medium"],
  ["private-key", 6, "high"],
  ["aws-secret-key", 8, "critical"],
  ["github-token", 8, "critical"],
  ["jwt", 14, "low"],
  ["basic-auth-url", 12, "high"],
  ["slack-webhook", 4, "medium"],
  ["npm-token", 4, "high"],
  ["rule-10", 8, "info"],
  ["database-password", 6, "high"],
];
const folders = [
  "app/config",
  "deploy/prod",
  "deploy/staging",
  "test/fixtures",
  "docs/examples",
  "services/jenkins",
  "lib",
];
const names = [
  "settings.env",
  "config.yml",
  "values.yaml",
  "client.test.js",
  "README.md",
  "credentials.xml",
  "main.tf",
];

/** The lines, without line ends: `count` findings, then the ledger. */
export function reportLines(count) {
  const random = generator(20_240_131);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const weights = kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => kind));
  const lines = [];
  for (let n = 0; n < count; n++) {
    const [id, , severity] = pick(weights);
    const commits = Array.from({ length: 1 + Math.floor(random() * random() * 5) }, () =>
      Math.floor(random() * (count / 8)),
    );
    lines.push(
      JSON.stringify({
        ...{ schema: 1, kind: "finding", fingerprint: `lt1${hex(n, 32)}` },
        rule: {
          id,
          description: `A credential of the kind ${id}: whoever holds it acts as its owner.`,
          revoke: "Revoke it in the console of its issuer, then make a new one.",
          references: ["https://example.com/docs/revoke"],
        },
        ...{
          otherRules: [],
          severity,
          confidence: pick(["certain", "likely", "possible"]),
          masked: `${hex(n, 4)}......${hex(n % 97, 2)}`,
        },
        facts: random() < 0.1 ? ["expired 2023-01-01"] : [],
        sightings: commits.map((commit) => sighting(n, commit, id, pick, random)),
      }),
    );
  }
  const ledger = { planned: count, scanned: count, bytes: count * 1000, skipped: {}, suppressed: {} };
  const rules = { digest: "0".repeat(64), origin: "built in", count: kinds.length };
  lines.push(
    JSON.stringify({
      ...{ schema: 1, kind: "ledger", tool: { name: "leaktrace", version: "0" }, rules, targets: [], problems: [] },
      ...{ ledger, interrupted: false },
    }),
  );
  return lines;
}

function sighting(n, commit, ruleId, pick, random) {
  const line = 1 + Math.floor(random() * 400);
  const key = pick(["password", "api_key", "token", "db.password", "client_secret"]);
  const masked = `${key} = ${hex(n, 4)}......${hex(n % 97, 2)}`;
  const day = `${2018 + (commit % 8)}-0${1 + (commit % 9)}-1${commit % 10}`;
  return {
    origin: {
      ...{ kind: "git", repository: "monolith.git", object: hex(n * 7 + commit, 40), objectType: "blob" },
      path: `${pick(folders)}/${pick(["a", "b", "c", "d"])}${commit % 50}/${pick(names)}`,
      commit: {
        ...{
          id: hex(commit * 2_654_435_761, 40),
          author: `Dev ${commit % 60}`,
          email: `dev${commit % 60}@example.org`,
        },
        ...{ date: `${day}T12:00:00Z`, message: `Change number ${commit}\n` },
      },
      ...{ inHead: random() < 0.4, refs: ["main"], reachedBy: ["branch"] },
    },
    ...{
      content: hex(n * 7 + commit, 40),
      ruleId,
      startLine: line,
      endLine: line,
      startColumn: 9,
      endColumn: 30,
      entropy: 4,
    },
    ...{ tags: [], key, maskedMatch: masked, maskedLine: masked },
  };
}

function hex(number, digits) {
  return BigInt(Math.floor(number)).toString(16).padStart(digits, "0").slice(-digits);
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
