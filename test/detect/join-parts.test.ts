import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Detection } from "../../src/model/detection.ts";
import { createRandom, type Random } from "../../src/rules/random.ts";
import { detectorOf, rulesetOf } from "./rules-for-tests.ts";

const rules = rulesetOf([
  { id: "acme-key-id", regex: "\\b(pid_[0-9a-z]{12})\\b", keywords: ["pid_"], skipReport: true },
  {
    id: "acme-secret",
    regex: "\\b(psec_[0-9A-Za-z]{24})\\b",
    keywords: ["psec_"],
    required: [{ id: "acme-key-id", withinLines: 30 }],
  },
]);
const detector = detectorOf(rules);

interface Account {
  readonly name: string;
  readonly id: string;
  readonly secret: string;
  /** Whether the id stands first. */
  readonly idFirst: boolean;
}

/** Two lines (or pairs, or arguments), in the order of the account. */
const ordered = (account: Account, id: string, secret: string, between: string): string =>
  (account.idFirst ? [id, secret] : [secret, id]).join(between);

/** How two accounts stand beside each other in a file. */
const shapes: Readonly<Record<string, (accounts: readonly Account[]) => string>> = {
  "JSON, a list": (all) =>
    JSON.stringify(
      { accounts: all.map(({ id, secret, idFirst }) => (idFirst ? { id, secret } : { secret, id })) },
      null,
      2,
    ),
  "JSON on one line": (all) =>
    JSON.stringify(
      all.map(({ id, secret, idFirst }) => (idFirst ? { key: id, value: secret } : { value: secret, key: id })),
    ),
  "JSON, by name": (all) =>
    JSON.stringify(
      Object.fromEntries(all.map(({ name, id, secret, idFirst }) => [name, idFirst ? { id, secret } : { secret, id }])),
      null,
      1,
    ),
  "JSON, deeper": (all) =>
    JSON.stringify(
      {
        a: all.map(({ id, secret, idFirst }) =>
          idFirst ? { k: { id }, s: { secret } } : { s: { secret }, k: { id } },
        ),
      },
      null,
      2,
    ),
  "YAML, a list": (all) =>
    all
      .map((one) => `- name: ${one.name}\n  ${ordered(one, `id: ${one.id}`, `secret: ${one.secret}`, "\n  ")}\n`)
      .join(""),
  "YAML, by name": (all) =>
    all.map((one) => `${one.name}:\n  ${ordered(one, `id: ${one.id}`, `secret: "${one.secret}"`, "\n  ")}\n`).join(""),
  "YAML, documents": (all) =>
    all.map((one) => `---\n${ordered(one, `id: ${one.id}`, `secret: ${one.secret}`, "\n")}\n`).join(""),
  "YAML, flow": (all) =>
    all.map((one) => `- { ${ordered(one, `id: ${one.id}`, `secret: ${one.secret}`, ", ")} }\n`).join(""),
  INI: (all) =>
    all
      .map((one) => `[${one.name}]\n${ordered(one, `key_id = ${one.id}`, `key_secret = ${one.secret}`, "\n")}\n\n`)
      .join(""),
  "TOML tables": (all) =>
    all
      .map((one) => `[account.${one.name}]\n${ordered(one, `id = "${one.id}"`, `secret = "${one.secret}"`, "\n")}\n`)
      .join(""),
  "TOML lists of tables": (all) =>
    all.map((one) => `[[account]]\n${ordered(one, `id = "${one.id}"`, `secret = "${one.secret}"`, "\n")}\n`).join(""),
  "XML elements": (all) =>
    all
      .map(
        (one) =>
          `<account>\n  ${ordered(one, `<id>${one.id}</id>`, `<secret>${one.secret}</secret>`, "\n  ")}\n</account>\n`,
      )
      .join(""),
  "XML attributes": (all) =>
    `<accounts>\n${all.map((one) => `  <account ${ordered(one, `id="${one.id}"`, `secret="${one.secret}"`, " ")}/>\n`).join("")}</accounts>\n`,
  "HCL blocks": (all) =>
    all
      .map(
        (one) =>
          `provider "acme" {\n  alias = "${one.name}"\n  ${ordered(one, `id     = "${one.id}"`, `secret = "${one.secret}"`, "\n  ")}\n}\n`,
      )
      .join(""),
  ".env with prefixes": (all) =>
    all
      .map(
        (one) =>
          `${ordered(one, `${one.name.toUpperCase()}_KEY_ID=${one.id}`, `${one.name.toUpperCase()}_KEY_SECRET=${one.secret}`, "\n")}\n`,
      )
      .join(""),
  ".env with prefixes, mixed": (all) =>
    [
      ...all.map((one) => `${one.name.toUpperCase()}_KEY_ID=${one.id}\n`),
      ...all.toReversed().map((one) => `${one.name.toUpperCase()}_KEY_SECRET=${one.secret}\n`),
    ].join(""),
  properties: (all) =>
    all
      .map((one) => `${ordered(one, `acme.${one.name}.id=${one.id}`, `acme.${one.name}.secret=${one.secret}`, "\n")}\n`)
      .join(""),
  "maps of Python": (all) =>
    `ACCOUNTS = {\n${all.map((one) => `    "${one.name}": {${ordered(one, `"id": "${one.id}"`, `"secret": "${one.secret}"`, ", ")}},\n`).join("")}}\n`,
  "objects of JavaScript": (all) =>
    all
      .map(
        (one) =>
          `const ${one.name} = new Client({\n  ${ordered(one, `id: "${one.id}"`, `secret: "${one.secret}"`, ",\n  ")},\n});\n`,
      )
      .join(""),
  "structs of Go": (all) =>
    `var all = []Account{\n${all.map((one) => `\t{${ordered(one, `ID: "${one.id}"`, `Secret: "${one.secret}"`, ", ")}},\n`).join("")}}\n`,
  "exports of a shell": (all) =>
    all
      .map(
        (one) =>
          `# ${one.name}\n${ordered(one, `export ACME_ID=${one.id}`, `export ACME_SECRET=${one.secret}`, "\n")}\n`,
      )
      .join(""),
  "lines of a table": (all) =>
    all.map((one) => `| ${one.name} | ${ordered(one, one.id, one.secret, " | ")} |\n`).join(""),
};

const small = "0123456789abcdefghijklmnopqrstuvwxyz";
const account = (name: string, idFirst: boolean, random: Random): Account => ({
  name,
  idFirst,
  id: `pid_${random.chars(small, 12)}`,
  secret: `psec_${random.chars(`${small}ABCDEFGH`, 24)}`,
});

/** Which id each secret was given. */
function pairs(detections: readonly Detection[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    detections.map(({ secret, parts = [] }) => [
      secret,
      [...new Set(parts.filter(({ value }) => value.startsWith("pid_")).map(({ value }) => value))],
    ]),
  );
}

describe("two accounts beside each other are not crossed in", () => {
  test.each(Object.entries(shapes))("%s", (shape, write) => {
    for (const [first, second] of [
      [true, true],
      [false, false],
      // Where the ids or the secrets touch, only the block tells; flat lists have none.
      ...(/^(?:exports)/.test(shape)
        ? []
        : [
            [true, false],
            [false, true],
          ]),
    ] as const) {
      const random = createRandom(`${shape} ${first} ${second}`);
      const all = [account("prod", first!, random), account("stage", second!, random)];
      const { detections } = detector.scan(Buffer.from(write(all)));
      expect(pairs(detections), `${first} ${second}`).toEqual(
        Object.fromEntries(all.map(({ id, secret }) => [secret, [id]])),
      );
    }
  });
});

test("a secret without an id of its own is reported, and is given nobody else's", () => {
  const random = createRandom("alone");
  const [whole, bare] = [account("prod", true, random), account("stage", true, random)];
  const text = `[prod]\nid = ${whole.id}\nsecret = ${whole.secret}\n\n[stage]\nsecret = ${bare.secret}\n`;
  expect(pairs(detector.scan(Buffer.from(text)).detections)).toEqual({ [whole.secret]: [whole.id], [bare.secret]: [] });
  const far = `id = ${whole.id}\n${"\n".repeat(40)}secret = ${whole.secret}\n`;
  expect(detector.scan(Buffer.from(far)).detections).toEqual([]);
});

test("streams and versions join as a whole content does", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = createRandom(seed);
      const filling = "const value = compute(input); // nothing here\n".repeat(random.integer(120));
      const parts = Object.values(shapes).filter(() => random.integer(3) === 0);
      const texts = parts.map((write) =>
        write(["prod", "stage"].map((name) => account(name, random.integer(2) === 0, random))),
      );
      const before = Buffer.from(texts.join(filling));
      const at = random.integer(before.length + 1);
      const added = Buffer.from(random.pick(["", "x", "\n", "id: 1\n", filling]));
      const bytes = Buffer.concat([before.subarray(0, at), added, before.subarray(at)]);
      const whole = detector.scan(bytes);
      const stream = detector.stream();
      for (let from = 0; from < bytes.length; from += 4096) stream.push(bytes.subarray(from, from + 4096));
      expect(stream.end().detections).toEqual(whole.detections);
      const { arena } = detector.kernel;
      const put = (content: Buffer): void => {
        detector.kernel.reserve(content.length);
        detector.kernel.bytes.set(content, arena);
      };
      put(before);
      const trace = detector.trace(arena, before.length);
      put(bytes);
      const copies = Uint32Array.of(0, 0, at, at + added.length, at, before.length - at);
      const version = detector.traceVersion(arena, bytes.length, trace, copies);
      expect(detector.finish(arena, version).detections).toEqual(whole.detections);
    }),
    { numRuns: 60 },
  );
});
