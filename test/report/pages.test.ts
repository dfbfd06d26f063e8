import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { formats, plainOptions } from "../../src/report/index.ts";
import { rangesText } from "../../src/report/overview.ts";
import { anyText, fileOrigin, finding, gitOrigin, imageOrigin, report, sighting } from "../findings/samples.ts";

const twoTargets = [
  ...report().targets,
  { ...report().targets[0]!, target: "shop:1.2", kind: "image", status: "unreachable", findings: 0 },
] as const;

/** A report in which all that comes from the scanned side is this text. */
function told(text: string): Report {
  const { commit } = gitOrigin();
  const { layer } = imageOrigin();
  return report({
    findings: [
      finding({
        facts: [text],
        sightings: [
          sighting(
            gitOrigin({
              repository: text,
              path: text,
              commit: { ...commit!, author: text, email: text },
              refs: [text],
            }),
          ),
          sighting(imageOrigin({ image: text, path: text, layer: { ...layer!, createdBy: text }, deleted: true })),
          sighting(fileOrigin(text), { key: text }),
        ],
      }),
    ],
    targets: [...report().targets, { ...report().targets[0]!, target: text }],
    problems: [{ code: "unreadable", effect: "incomplete", target: text, subject: text, message: text }],
  });
}

function written(format: "markdown" | "html", given: Report): readonly string[] {
  return [...formats[format](given, plainOptions)];
}

describe("markdown", () => {
  test("is this, byte for byte", () => {
    const findings = [
      finding({ severity: "critical", sightings: [sighting(gitOrigin()), sighting(imageOrigin())] }),
      finding({ masked: "", sightings: [sighting(fileOrigin("a`b|c"))] }),
    ];
    const problems = [
      { code: "unreadable", effect: "incomplete", target: "shop:1.2", subject: "shop:1.2", message: "is not there" },
    ] as const;
    expect(written("markdown", report({ findings, targets: twoTargets, problems })).join("\n")).toBe(
      `# 2 secrets: 1 critical, 1 high. The scan is incomplete: what was not read can hold more.

Scanned 12,345 contents, 1.23 GB, with 200 rules.  

| # | severity | kind | value | where | state | by |
| --: | --- | --- | --- | --- | --- | --- |
| 1 | critical (likely) | Sample token | \`abcd......yz\` | \`repo: src/config.ts:3:7\` and 1 more place | alive, since 2024-01-31 | \`Ada Example <ada@example.org>\` |
| 2 | high (likely) | Sample token | (the file itself) | \`\`a\`b\\|c:3:7\`\` |  |  |

## What to do

In this order; what is in a history stays leaked when it is deleted from it.

1. **Sample token** (row 1, 2): Delete it in the settings of the sample service. <https://example.org/tokens>

## Places

### 1. Sample token

Rule \`sample-token\`, id \`lt100000000000000000000000000000001\`

- \`repo: src/config.ts:3:7\`<br>\`commit 4015b57a143a · 2024-01-31 · Ada Example <ada@example.org>\`<br>\`in HEAD · main\`
- \`shop:1.2 (linux/amd64): app/.env:3:7\`<br>\`layer 2 · sha256:bbbbbbbbbbbb · COPY . /app\`

### 2. Sample token

Rule \`sample-token\`, id \`lt100000000000000000000000000000001\`

- \`\`a\`b|c:3:7\`\`

## Targets

| target | status | secrets | left out |
| --- | --- | --: | --: |
| \`repo\` | found | 1 | 0 |
| \`shop:1.2\` | unreachable | 0 | 0 |

## What was not scanned, and notes

- \`not scanned: shop:1.2: is not there [unreadable]\``,
    );
  });

  test("whatever is scanned, it stays in its cell and its code span", () => {
    fc.assert(
      fc.property(fc.oneof(anyText(30), fc.stringMatching(/^[`|\\ <>@#a]{1,12}$/)), (hostile) => {
        for (const line of written("markdown", told(hostile))) {
          // As GitHub reads it: bars end cells first, then the longest runs of backticks that fit each other make spans.
          const cells = line.startsWith("|") ? line.replaceAll("\\|", "").split("|").length : 9;
          expect([6, 9]).toContain(cells);
          const outside = line.replace(/(?<!`)(`+)(?!`)(?:.*?[^`])?\1(?!`)/g, "");
          expect(outside).not.toMatch(/`|@|<(?!br>|https:\/\/example\.org\/tokens>)/);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("html", () => {
  test("tells each secret, what to do, where, and what was not scanned", () => {
    const page = written("html", report({ findings: [finding({ severity: "critical" })], targets: twoTargets })).join(
      "",
    );
    for (const words of [
      '<span class="critical">critical</span> (likely)',
      "<code>abcd......yz</code>",
      "Delete it in the settings of the sample service.",
      'href="https://example.org/tokens"',
      "<code>shop:1.2</code><td>unreachable",
    ])
      expect(page).toContain(words);
  });

  test("whatever is scanned, it is text", () => {
    const tags = (page: string): string =>
      (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""')).join("");
    const plain = tags(written("html", told("text")).join(""));
    fc.assert(
      fc.property(
        fc.oneof(anyText(30), fc.constantFrom('"><script>x()</script>', "' onload=x() '", "&lt;b>")),
        (hostile) => {
          fc.pre(hostile !== "");
          const page = written("html", told(hostile)).join("");
          expect(page).not.toMatch(/<script|javascript:/i);
          // Empty parts of a place leave out what stands around them, so only what cannot be text is held against it.
          expect(new Set(tags(page).match(/<[^>]*>/g))).toEqual(new Set(plain.match(/<[^>]*>/g)));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("loads and runs nothing", () => {
    expect(written("html", report()).join("")).toContain("default-src 'none'; style-src 'unsafe-inline'");
  });

  test("a reference that is no address of the web is no link", () => {
    const odd = finding({ rule: { ...finding().rule, references: ["javascript:alert(1)", "https://a.example/<b>"] } });
    const given = report({ findings: [odd] });
    expect(written("html", given).join("")).not.toMatch(/javascript|<b>(?!Sample)/);
    expect(written("markdown", given).join("")).not.toMatch(/javascript|<b>/);
  });
});

test.each([
  [[], ""],
  [[1], "1"],
  [[1, 2], "1, 2"],
  [[1, 2, 3, 5, 7, 8], "1 to 3, 5, 7, 8"],
])("rows %j are %j", (numbers, text) => {
  expect(rangesText(numbers)).toBe(text);
});
