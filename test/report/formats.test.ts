import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingStore } from "../../src/findings/index.ts";
import type { Report } from "../../src/model/finding.ts";
import { chooseFormat, formatNames, formats, plainOptions } from "../../src/report/index.ts";
import { entropyText } from "../../src/report/entropy-text.ts";
import * as sample from "../findings/samples.ts";

const {
  anyText,
  contentId,
  detection,
  fileOrigin,
  finding,
  gitOrigin,
  hit,
  imageOrigin,
  madeUpSecret,
  report,
  rule,
  sighting,
} = sample;

function written(format: keyof typeof formats, given: Report, options = plainOptions): string {
  return [...formats[format](given, options)].map((line) => `${line}\n`).join("");
}

describe("json", () => {
  test("has gitleaks' bytes", () => {
    const { commit } = gitOrigin();
    const given = report({
      findings: [
        finding({
          secret: "plain",
          sightings: [
            sighting(gitOrigin({ commit: { ...commit!, message: 'a <b> & \u2028\x1b"c"\n' } }), {
              entropy: 3.6841838,
              tags: ["one", "two"],
              match: "k=plain",
            }),
          ],
        }),
      ],
    });
    expect(written("json", given)).toBe(`[
 {
  "RuleID": "sample-token",
  "Description": "Sample token: opens the sample service.",
  "StartLine": 3,
  "EndLine": 3,
  "StartColumn": 7,
  "EndColumn": 42,
  "Match": "abcd......yz",
  "Secret": "abcd......yz",
  "File": "src/config.ts",
  "SymlinkFile": "",
  "Commit": "${commit!.id}",
  "Entropy": 3.6841838,
  "Author": "Ada Example",
  "Email": "ada@example.org",
  "Date": "2024-01-31T12:00:00Z",
  "Message": "a \\u003cb\\u003e \\u0026 \\u2028\\u001b\\"c\\"\\n",
  "Tags": [
   "one",
   "two"
  ],
  "Fingerprint": "${commit!.id}:src/config.ts:sample-token:3"
 }
]
`);
  });

  test("is an empty array without findings, and leaves suppressed ones out", () => {
    expect(written("json", report({ findings: [] }))).toBe("[]\n");
    expect(written("json", report({ findings: [finding({ suppressed: { by: "x", reason: "y" } })] }))).toBe("[]\n");
  });

  test("has one entry for each sighting; images add their layer", () => {
    const sightings = [sighting(imageOrigin({ deleted: true })), sighting(fileOrigin("a"))];
    const entries: unknown = JSON.parse(written("json", report({ findings: [finding({ sightings })] })));
    expect(entries).toEqual([
      expect.objectContaining({
        File: "app/.env",
        Commit: "",
        Image: "shop:1.2",
        Layer: {
          Digest: `sha256:${"b".repeat(64)}`,
          DiffID: `sha256:${"c".repeat(64)}`,
          Index: 2,
          CreatedBy: "COPY . /app",
        },
        Deleted: true,
      }),
      expect.not.objectContaining({ Image: expect.anything() }),
    ]);
  });

  test.each([
    [{ kind: "mask" }, "k=abcd......yz", "abcd......yz"],
    [{ kind: "reveal" }, "k=abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"],
    [{ kind: "redact", percent: 100 }, "k=REDACTED", "REDACTED"],
    [{ kind: "redact", percent: 75 }, "k=abcdef...", "abcdef..."],
  ] as const)("with %j it shows %s", (secrecy, match, secret) => {
    const plain = "abcdefghijklmnopqrstuvwxyz";
    const place = sighting(fileOrigin("a"), { match: `k=${plain}`, maskedMatch: "k=abcd......yz" });
    const given = report({ findings: [finding({ secret: plain, sightings: [place] })] });
    expect(JSON.parse(written("json", given, { ...plainOptions, secrecy }))).toEqual([
      expect.objectContaining({ Match: match, Secret: secret }),
    ]);
  });

  test("a finding that was read back stays masked even when asked to show it", () => {
    expect(written("json", report(), { ...plainOptions, secrecy: { kind: "reveal" } })).toContain(
      '"Secret": "abcd......yz"',
    );
  });

  test.each([
    [3.68418383598, "3.6841838"],
    [4, "4"],
    [0, "0"],
    [0.1, "0.1"],
    [5.321928, "5.321928"],
  ])("the entropy %d is written %s", (entropy, text) => {
    expect(entropyText(entropy)).toBe(text);
  });
});

describe("csv", () => {
  test("is nothing at all without findings", () => {
    expect(written("csv", report({ findings: [] }))).toBe("");
  });

  test("no cell is a formula, and none breaks out of its place", () => {
    const { commit } = gitOrigin();
    const given = report({
      findings: [
        finding({
          sightings: [
            sighting(
              gitOrigin({ path: "=1+1", commit: { ...commit!, author: '@A "B"', message: "-a,\nb", email: "+1" } }),
            ),
          ],
        }),
      ],
    });
    expect(written("csv", given).split("\n")[1]).toBe(
      `sample-token,${commit!.id},'=1+1,,abcd......yz,abcd......yz,3,3,7,42,"'@A ""B""","'-a,\\nb",` +
        `2024-01-31T12:00:00Z,'+1,${commit!.id}:=1+1:sample-token:3,,high,likely,${finding().fingerprint}`,
    );
  });

  test("has columns for images when there is one", () => {
    const given = report({ findings: [finding({ sightings: [sighting(imageOrigin()), sighting(fileOrigin("a"))] })] });
    const [head, image, file] = written("csv", given).split("\n");
    expect(head).toMatch(/,Tags,Severity,Confidence,Finding,Image,LayerDigest,LayerIndex,CreatedBy,Deleted$/);
    expect(image).toMatch(/,shop:1\.2,sha256:b{64},2,"COPY \. \/app",false$/);
    expect(file).toMatch(/,,,,,$/);
  });
});

describe("junit", () => {
  test("is this, byte for byte", () => {
    const given = report({ findings: [finding({ sightings: [sighting(fileOrigin(`<"&'\x1b`))] })] });
    const lines = written("junit", given).split("\n");
    const name = "sample-token has detected a secret in file &lt;&#34;&amp;&#39;\\x1b, line 3.";
    expect(lines.slice(0, 5)).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      "<testsuites>",
      '\t<testsuite failures="1" name="leaktrace" tests="1" time="">',
      `\t\t<testcase classname="Sample token: opens the sample service." file="&lt;&#34;&amp;&#39;\\x1b" name="${name}" time="">`,
      `\t\t\t<failure message="${name}" type="Sample token: opens the sample service.">`,
    ]);
    expect(lines.slice(-6)).toEqual([
      "}",
      "\t\t\t</failure>",
      "\t\t</testcase>",
      "\t</testsuite>",
      "</testsuites>",
      "",
    ]);
  });
});

describe("every format", () => {
  const findings = (secrets: readonly string[]): Report => {
    const line = secrets.join(" ");
    const store = new FindingStore({ ruleset: sample.ruleset([rule()]), compile: sample.compile });
    const { commit } = gitOrigin();
    const { layer } = imageOrigin();
    let start = 0;
    const detections = secrets.map((secret) => {
      const found = detection(secret, { line, match: line, start });
      start += secret.length + 1;
      return found;
    });
    const id = contentId(line);
    store.addHit(hit(id, detections));
    store.addSighting({
      content: id,
      origin: gitOrigin({ path: `a/${line}`, commit: { ...commit!, message: line, author: line } }),
    });
    store.addSighting({ content: id, origin: imageOrigin({ path: line, layer: { ...layer!, createdBy: line } }) });
    return report({ findings: store.findings() });
  };

  test("shows no secret unless it is told to", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 3 }), (seeds) => {
        const secrets = seeds.map((seed) => madeUpSecret(String(seed), 20 + (Math.abs(seed) % 30)));
        const given = findings(secrets);
        for (const name of formatNames) {
          for (const secrecy of [{ kind: "mask" }, { kind: "redact", percent: 100 }] as const) {
            const text = written(name, given, { ...plainOptions, secrecy });
            for (const secret of secrets) expect(text).not.toContain(secret);
          }
        }
        for (const name of ["json", "jsonl", "csv", "text", "markdown", "html"] as const) {
          const text = written(name, given, { ...plainOptions, secrecy: { kind: "reveal" } });
          for (const secret of secrets) expect(text).toContain(secret);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("holds no character that a terminal obeys or a reader cannot see", () => {
    fc.assert(
      fc.property(anyText(30), (hostile) => {
        const { commit } = gitOrigin();
        const { layer } = imageOrigin();
        const given = report({
          findings: [
            finding({
              masked: "......",
              facts: [hostile],
              sightings: [
                sighting(
                  gitOrigin({
                    repository: hostile,
                    path: hostile,
                    refs: [hostile],
                    commit: { ...commit!, author: hostile, email: hostile, message: hostile },
                  }),
                ),
                sighting(imageOrigin({ image: hostile, path: hostile, layer: { ...layer!, createdBy: hostile } }), {
                  tags: [hostile],
                }),
                sighting(fileOrigin(hostile), {
                  key: hostile,
                  parts: [{ name: hostile, value: hostile }],
                  maskedMatch: hostile,
                  maskedLine: hostile,
                }),
              ],
            }),
          ],
          targets: [{ ...report().targets[0]!, target: hostile }, ...report().targets],
          problems: [{ code: "unreadable", effect: "incomplete", target: hostile, subject: hostile, message: "m" }],
        });
        for (const name of formatNames) {
          expect(written(name, given).replaceAll(/[\n\t]/g, "")).not.toMatch(
            // oxlint-disable-next-line no-control-regex -- controls are what must not be there
            /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u,
          );
        }
        for (const line of formats.jsonl(given, plainOptions)) JSON.parse(line);
        JSON.parse(written("json", given));
        JSON.parse(written("sarif", given));
      }),
      { numRuns: 20 },
    );
  });

  test("is chosen by name in any case, else by the path, else text", () => {
    expect(chooseFormat("SARIF", "x.json")).toBe("sarif");
    const paths = ["a.json", "a.jsonl", "a.sarif", "a.CSV", "a.xml", "a.md", "a.html", "a.txt", "a", undefined];
    expect(paths.map((path) => chooseFormat(undefined, path))).toEqual([
      "json",
      "jsonl",
      "sarif",
      "csv",
      "junit",
      "markdown",
      "html",
      "text",
      "text",
      "text",
    ]);
    expect(chooseFormat("md", "a.json")).toBe("markdown");
    expect(() => chooseFormat("yaml", undefined)).toThrow(/no report format "yaml"/);
  });
});
