import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/model/finding.ts";
import { compareFindings, FindingStore, fingerprint } from "../../src/findings/index.ts";
import type { FindingStoreOptions } from "../../src/findings/index.ts";
import * as sample from "./samples.ts";

const { allowlist, contentId, detection, fileOrigin, gitOrigin, hit, imageOrigin, madeUpSecret, rule, ruleset } =
  sample;

const token = rule();
const generic = rule({ id: "generic-password", kind: "generic", severity: "medium", confidence: "possible" });
const context = rule({ id: "context-key", kind: "context" });

function store(fields: Partial<FindingStoreOptions> = {}): FindingStore {
  return new FindingStore({ ruleset: ruleset([token, generic, context]), compile: sample.compile, ...fields });
}

describe("joining by value", () => {
  test("a value in two contents and three places is one finding with three sightings", () => {
    const secret = madeUpSecret("one");
    const [a, b] = [contentId("a"), contentId("b")];
    const findings = store();
    findings.addHit(hit(a, [detection(secret)]));
    findings.addHit(hit(b, [detection(secret, { startLine: 9, endLine: 9 })]));
    findings.addSighting({ content: a, origin: gitOrigin({ object: a, path: "one.env" }) });
    findings.addSighting({ content: a, origin: fileOrigin("copy.env") });
    findings.addSighting({ content: b, origin: imageOrigin() });
    const [found, ...rest] = findings.findings();
    expect(rest).toEqual([]);
    expect(found?.sightings.map(({ origin }) => origin.kind)).toEqual(["git", "image", "file"]);
    expect(found?.fingerprint).toBe(fingerprint(secret));
    expect(found?.secret).toBe(secret);
    expect(findings.finding(fingerprint(secret))).toBe(found);
  });

  test("a value that stands twice in a content is seen twice in each of its places", () => {
    const secret = madeUpSecret("again");
    const findings = store();
    const id = contentId("again");
    const later = detection(secret, { start: 900, end: 920, startLine: 9, endLine: 9 });
    findings.addHit(hit(id, [detection(secret, { start: 10, end: 30 }), later]));
    for (const path of ["a.env", "b.env"]) findings.addSighting({ content: id, origin: fileOrigin(path) });
    expect(findings.findings()[0]?.sightings).toHaveLength(4);
    expect(findings.findings()[0]?.sightings.filter(({ startLine }) => startLine === 9)).toHaveLength(2);
    expect(findings.suppressed()).toEqual({});
  });

  test("what belongs to a value is told of its places, without other secrets", () => {
    const [secret, other] = [madeUpSecret("own"), madeUpSecret("other")];
    const findings = store();
    const id = contentId("structure");
    const parts = [
      { name: "user", value: "alice" },
      { name: "id", value: other },
    ];
    findings.addHit(
      hit(id, [
        detection(secret, { key: `users["${other}"].password`, parts }),
        detection(other, { start: 5000, end: 5036, startLine: 90, endLine: 90 }),
      ]),
    );
    const sightings = findings.findings().flatMap((found) => (found.secret === secret ? found.sightings : []));
    const masked = `${other.slice(0, 4)}......${other.slice(-2)}`;
    expect(sightings.map(({ key, parts }) => ({ key, parts }))).toEqual([
      { key: `users["${masked}"].password`, parts: [parts[0], { name: "id", value: masked }] },
    ]);
  });

  test("the same content added twice counts once", () => {
    const findings = store();
    const id = contentId("twice");
    findings.addHit(hit(id, [detection(madeUpSecret("twice"))], "a"));
    findings.addHit(hit(id, [detection(madeUpSecret("twice"))], "b"));
    findings.addSighting({ content: id, origin: fileOrigin("a") });
    findings.addSighting({ content: id, origin: fileOrigin("a") });
    expect(findings.findings()[0]?.sightings).toHaveLength(1);
  });

  test("the rule with the highest specificity names the finding, the others are listed", () => {
    const secret = madeUpSecret("many rules");
    const findings = store();
    findings.addHit(
      hit(contentId("x"), [
        detection(secret, { ruleId: "generic-password" }),
        detection(secret, { ruleId: "context-key", facts: ["account 12"] }),
        detection(secret, { facts: ["made in 2020"] }),
      ]),
    );
    const [found] = findings.findings();
    expect(found?.rule.id).toBe("sample-token");
    expect(found?.otherRules).toEqual(["context-key", "generic-password"]);
    expect(found?.facts).toEqual(["account 12", "made in 2020"]);
    expect(found?.sightings).toHaveLength(1);
  });

  test("a generic detection that overlaps a specific one in the same content is dropped", () => {
    const secret = madeUpSecret("inner");
    const findings = store();
    findings.addHit(
      hit(contentId("x"), [
        detection(`user:${secret}`, { ruleId: "generic-password", start: 1 }),
        detection(secret, { start: 6 }),
      ]),
    );
    expect(findings.findings().map((found) => found.secret)).toEqual([secret]);
  });

  test("a value in base64 is the one that it says, where that was found as well, or stands under data", () => {
    const secret = madeUpSecret("clear");
    const encoded = Buffer.from(secret).toString("base64");
    const tags = ["decoded:base64", "decode-depth:1"];
    const findings = store();
    const id = contentId("both");
    findings.addHit(hit(id, [detection(encoded, { start: 5 }), detection(secret, { start: 6, tags })]));
    findings.addSighting({ content: id, origin: fileOrigin("both") });
    const other = contentId("data");
    findings.addHit(hit(other, [detection(encoded, { key: "data.password" })]));
    findings.addSighting({ content: other, origin: fileOrigin("secret.yaml") });
    expect(findings.findings().map((finding) => [finding.secret, finding.sightings.length])).toEqual([[secret, 2]]);
  });

  test("what is packed into a value is told beside it", () => {
    const [inner, outer] = [madeUpSecret("inner"), madeUpSecret("outer")];
    const findings = store();
    const id = contentId("packed");
    const tags = ["decoded:base64", "decoded:gzip", "decode-depth:2"];
    findings.addHit(
      hit(id, [
        detection(outer, { ruleId: "context-key", start: 0, end: 900 }),
        detection(inner, { ruleId: "generic-password", start: 10, end: 890, tags }),
      ]),
    );
    findings.addSighting({ content: id, origin: fileOrigin("release.yaml") });
    expect(new Set(findings.findings().map((finding) => finding.secret))).toEqual(new Set([inner, outer]));
  });

  test("two values decoded from one encoded text are two findings", () => {
    const [one, two] = [madeUpSecret("first"), madeUpSecret("second")];
    const tags = ["decoded:base64", "decode-depth:1"];
    const findings = store();
    findings.addHit(
      hit(contentId("x"), [
        detection(one, { start: 0, end: 200, tags }),
        detection(two, { start: 0, end: 200, tags, ruleId: "context-key" }),
      ]),
    );
    expect(findings.findings().map((found) => found.secret)).toEqual(expect.arrayContaining([one, two]));
  });

  test("a private key in JSON and in a file of its own is one finding", () => {
    const body = [madeUpSecret("key 1", 64), madeUpSecret("key 2", 64), `${madeUpSecret("key 3", 30)}==`];
    const pem = ["-----BEGIN PRIVATE KEY-----", ...body, "-----END PRIVATE KEY-----", ""].join("\n");
    const findings = store();
    findings.addHit(hit(contentId("file"), [detection(pem)]));
    findings.addHit(hit(contentId("json"), [detection(pem.trim().replaceAll("\n", "\\n"))]));
    findings.addHit(hit(contentId("yaml"), [detection(pem.replaceAll("\n", "\r\n      "))]));
    expect(findings.findings()).toHaveLength(1);
    expect(findings.findings()[0]?.masked).toBe("-----BEGIN PRIVATE KEY-----......");
  });

  test("any order of hits and sightings gives the same findings", () => {
    const secrets = ["p", "q", "r"].map((seed) => madeUpSecret(seed));
    const hits = ["a", "b", "c", "d"].map((name, i) =>
      hit(contentId(name), [
        detection(secrets[i % 3] ?? ""),
        detection(secrets[(i + 1) % 3] ?? "", { start: 100, startLine: 4, ruleId: "generic-password" }),
      ]),
    );
    const sightings = hits.flatMap(({ content }, i) => [
      { content, origin: gitOrigin({ object: content, path: `p${i}` }) },
      { content, origin: imageOrigin({ path: `q${i}` }) },
    ]);
    const events = [
      ...hits.map((value) => ({ kind: "hit" as const, value })),
      ...sightings.map((value) => ({ kind: "sighting" as const, value })),
    ];
    const result = (order: typeof events): readonly Finding[] => {
      const findings = store();
      for (const event of order) {
        if (event.kind === "hit") findings.addHit(event.value);
        else findings.addSighting(event.value);
      }
      return findings.findings();
    };
    const expected = result(events);
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (order) => {
        expect(result(order)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe("places", () => {
  test("a content with detections and no sighting is reported with what its hit tells", () => {
    const findings = store();
    findings.addHit(hit(contentId("lost"), [detection(madeUpSecret("lost"))]));
    findings.addHit(hit(contentId("file"), [detection(madeUpSecret("file"))], "etc/conf"));
    const origins = findings.findings().map(({ sightings: [first] }) => first?.origin);
    expect(origins).toContainEqual(expect.objectContaining({ kind: "git", object: contentId("lost"), path: "" }));
    expect(origins).toContainEqual({ kind: "file", path: "etc/conf" });
  });

  test("generic values in lock files and integrity lines are dropped and counted", () => {
    const findings = store();
    findings.addHit(hit(contentId("lock"), [detection(madeUpSecret("lock"), { ruleId: generic.id })]));
    findings.addSighting({ content: contentId("lock"), origin: fileOrigin("web/package-lock.json") });
    const line = `integrity = "${madeUpSecret("sum")}"`;
    findings.addHit(hit(contentId("sum"), [detection(madeUpSecret("sum"), { ruleId: generic.id, line })], "x.toml"));
    expect(findings.findings()).toEqual([]);
    expect(findings.suppressed()).toEqual({ path: 2 });
  });

  test.each(["tests/users.sql", "docs/htpasswd.md", "Lib/SelfTest/kdf.py", "app/tests.py"])(
    "hashes of passwords in %s are dropped and counted, proved secrets stay",
    (path) => {
      const hash = rule({ id: "some-hash", tags: ["hash"] });
      const findings = store({ ruleset: ruleset([token, hash]) });
      findings.addHit(
        hit(contentId("hashes"), [
          detection(madeUpSecret("hash"), { ruleId: hash.id }),
          detection(madeUpSecret("proved"), { ruleId: token.id, start: 200, confidence: "certain" }),
        ]),
      );
      findings.addSighting({ content: contentId("hashes"), origin: fileOrigin(path) });
      expect(findings.findings().map(({ secret }) => secret)).toEqual([madeUpSecret("proved")]);
      expect(findings.suppressed()).toEqual({ path: 1 });
    },
  );

  test("fifty drawn values in a file of tests are vectors; forty-nine, or those of another file, are not", () => {
    const values = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        detection(madeUpSecret(`v${at}`), { ruleId: generic.id, start: at * 100, bits: 50 }),
      );
    const left = (count: number, path: string): number => {
      const findings = store();
      findings.addHit(hit(contentId("vectors"), values(count), path));
      return findings.findings().length;
    };
    expect(left(50, "test/vectors.json")).toBe(0);
    expect(left(49, "test/vectors.json")).toBe(49);
    expect(left(50, "conf/all.json")).toBe(50);
  });

  test("a token in a lock file stays; a content that also lies elsewhere stays for that place alone", () => {
    const findings = store();
    findings.addHit(hit(contentId("t"), [detection(madeUpSecret("t"))], "yarn.lock"));
    findings.addHit(hit(contentId("g"), [detection(madeUpSecret("g"), { ruleId: generic.id })]));
    for (const path of ["yarn.lock", "app.conf"])
      findings.addSighting({ content: contentId("g"), origin: fileOrigin(path) });
    expect(findings.findings().map((found) => found.sightings.map(({ origin }) => origin))).toEqual([
      [fileOrigin("yarn.lock")],
      [fileOrigin("app.conf")],
    ]);
    expect(findings.suppressed()).toEqual({});
  });

  test.each([
    ["src/app.ts", "likely", "likely"],
    ["test/app.ts", "likely", "possible"],
    ["docs/use.md", "likely", "possible"],
    ["node_modules/x/index.js", "likely", "possible"],
    ["test/app.ts", "certain", "certain"],
  ] as const)("in %s, %s becomes %s", (path, before, after) => {
    const findings = store();
    findings.addHit(hit(contentId("c"), [detection(madeUpSecret("c"), { confidence: before })], path));
    expect(findings.findings()[0]?.confidence).toBe(after);
  });

  test("the best place gives the confidence", () => {
    const findings = store();
    findings.addHit(hit(contentId("c"), [detection(madeUpSecret("c"))]));
    for (const path of ["test/a.ts", "src/a.ts"])
      findings.addSighting({ content: contentId("c"), origin: fileOrigin(path) });
    expect(findings.findings()[0]?.confidence).toBe("likely");
  });

  test("what lies in tests and code of others alone is aside, and comes behind the rest of its severity", () => {
    const told = (...paths: string[]): boolean[] => {
      const findings = store();
      for (const [i, path] of paths.entries()) {
        for (const place of path.split(" ")) {
          const id = contentId(place);
          findings.addHit(hit(id, [detection(madeUpSecret(`aside ${i}`), { confidence: "certain" })]));
          findings.addSighting({ content: id, origin: gitOrigin({ object: id, path: place }) });
        }
      }
      return findings
        .findings()
        .toSorted(compareFindings)
        .map(({ aside }) => aside === true);
    };
    expect(told("test/a.pem", "src/b.ts")).toEqual([false, true]);
    expect(told("node_modules/x/a.js docs/b.md")).toEqual([true]);
    expect(told("node_modules/x/a.js src/b.ts")).toEqual([false]);
    expect(told("usr/lib/app/settings.py")).toEqual([false]);
  });

  test("a rule's path and the paths and commits of allowlists are applied", () => {
    const commit = contentId("old commit");
    const limited = rule({ id: "limited", path: "\\.env$" });
    const listed = rule({ id: "listed", allowlists: [allowlist({ paths: ["^ok/"] })] });
    const findings = store({
      ruleset: ruleset(
        [limited, listed, token],
        [{ ...allowlist({ commits: [commit] }), targetRules: ["sample-token"] }],
      ),
    });
    findings.addHit(hit(contentId("1"), [detection(madeUpSecret("1"), { ruleId: "limited" })]));
    findings.addHit(hit(contentId("2"), [detection(madeUpSecret("2"), { ruleId: "listed" })]));
    findings.addHit(hit(contentId("3"), [detection(madeUpSecret("3"))]));
    for (const path of ["a.env", "a.txt"]) findings.addSighting({ content: contentId("1"), origin: fileOrigin(path) });
    for (const path of ["ok/a", "no/a"]) findings.addSighting({ content: contentId("2"), origin: fileOrigin(path) });
    const { commit: facts } = gitOrigin();
    findings.addSighting({ content: contentId("3"), origin: gitOrigin({ commit: { ...facts!, id: commit } }) });
    const paths = findings.findings().flatMap(({ sightings }) => sightings.map(({ origin }) => origin));
    expect(paths).toHaveLength(2);
    expect(paths).toEqual(expect.arrayContaining([fileOrigin("a.env"), fileOrigin("no/a")]));
    expect(findings.suppressed()).toEqual({ path: 1 });
  });

  test("an allowlist with AND needs all of its parts", () => {
    const both = allowlist({ condition: "AND", paths: ["^conf/"], stopwords: ["stopword"] });
    const findings = store({ ruleset: ruleset([rule({ allowlists: [both] })]) });
    findings.addHit(hit(contentId("1"), [detection(`${madeUpSecret("1")}StopWord`)], "conf/a"));
    findings.addHit(hit(contentId("2"), [detection(`${madeUpSecret("2")}StopWord`)], "other/a"));
    findings.addHit(hit(contentId("3"), [detection(madeUpSecret("3"))], "conf/b"));
    expect(findings.findings().map(({ sightings: [first] }) => first?.origin)).toEqual(
      expect.arrayContaining([fileOrigin("other/a"), fileOrigin("conf/b")]),
    );
    expect(findings.findings()).toHaveLength(2);
  });

  test("findings are counted by target, without suppressed ones", () => {
    const findings = store({
      deciders: [
        (found) => ({
          ...found,
          ...(found.secret === madeUpSecret("no") ? { suppressed: { by: "x", reason: "y" } } : {}),
        }),
      ],
    });
    findings.addHit(hit(contentId("a"), [detection(madeUpSecret("a"))]), "one");
    findings.addHit(hit(contentId("no"), [detection(madeUpSecret("no"))]), "one");
    findings.addSighting({ content: contentId("a"), origin: fileOrigin("a") }, "two");
    expect([findings.countIn("one"), findings.countIn("two")]).toEqual([0, 1]);
  });
});

describe("telling while the scan runs", () => {
  test("a finding is told at once, and again when it gets its place", async () => {
    const told: Finding[] = [];
    const findings = store({ onFinding: (found) => told.push(found) });
    findings.addHit(hit(contentId("a"), [detection(madeUpSecret("a"))]));
    expect(told.map(({ sightings }) => sightings[0]?.origin.kind)).toEqual(["git"]);
    findings.addSighting({ content: contentId("a"), origin: fileOrigin("here") });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.at(-1)?.sightings.map(({ origin }) => origin)).toEqual([fileOrigin("here")]);
  });

  test("a value with very many places is not told for each of them", async () => {
    let told = 0;
    const findings = store({ onFinding: () => told++ });
    findings.addHit(hit(contentId("a"), [detection(madeUpSecret("a"))]));
    for (let i = 0; i < 1000; i++) {
      findings.addSighting({ content: contentId("a"), origin: fileOrigin(`${i}`) });
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toBeLessThan(40);
    expect(findings.findings()[0]?.sightings).toHaveLength(1000);
  });
});

describe("nothing shows a secret that is not its own plain field", () => {
  test("masked texts and origins hold no secret of the run", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        const [one, two] = [madeUpSecret(`one ${a}`, 20), madeUpSecret(`two ${b}`, 24)];
        const line = `a=${one} b=${two}`;
        const id = contentId("c");
        const findings = store();
        findings.addHit(
          hit(id, [
            detection(one, { line, start: 2 }),
            detection(two, { line, start: 25, ruleId: "context-key", match: `b=${two}` }),
          ]),
        );
        const { commit } = gitOrigin();
        findings.addSighting({
          content: id,
          origin: gitOrigin({ path: `x/${one}.txt`, commit: { ...commit!, message: `set ${two}`, author: one } }),
        });
        const { layer } = imageOrigin();
        findings.addSighting({
          content: id,
          origin: imageOrigin({ layer: { ...layer!, createdBy: `ENV A=${one} B=${two}` } }),
        });
        for (const { secret: _secret, sightings, ...rest } of findings.findings()) {
          const shown = JSON.stringify([rest, sightings.map(({ match: _match, line: _line, ...masked }) => masked)]);
          expect(shown).not.toContain(one);
          expect(shown).not.toContain(two);
        }
        expect(findings.mask(`${one}/a`)).not.toContain(one);
      }),
      { numRuns: 50 },
    );
  });

  test("passwords in a repository's address are masked", () => {
    const findings = store();
    findings.addHit(hit(contentId("u"), [detection(madeUpSecret("u"))]));
    findings.addSighting({
      content: contentId("u"),
      origin: gitOrigin({ repository: "https://me:word@example.org/r.git" }),
    });
    expect(JSON.stringify(findings.findings()[0]?.sightings)).not.toContain("word@");
  });
});
