import { describe, expect, test } from "vitest";
import { createTwin } from "../../src/detect/index.ts";
import { maxDetections } from "../../src/detect/collector.ts";
import type { Allowlist } from "../../src/model/rule.ts";
import { createRandom } from "../../src/rules/random.ts";
import { builtinRuleset, detectorOf, plants, probes, rulesetOf } from "./rules-for-tests.ts";

const tokenRule = { regex: "\\b(prb_[0-9A-Za-z]{30})\\b", keywords: ["prb_"] };
const token = (seed: number | string): string => plants["token"]!(createRandom(seed));

function ids(ruleset: ReturnType<typeof rulesetOf>, text: string, options = {}): string[] {
  return detectorOf(ruleset, options)
    .scan(Buffer.from(text))
    .detections.map(({ ruleId }) => ruleId);
}

function allow(part: Partial<Allowlist>): Allowlist {
  return {
    description: "",
    condition: "OR",
    commits: [],
    paths: [],
    regexTarget: "secret",
    regexes: [],
    stopwords: [],
    ...part,
  };
}

describe("rules", () => {
  test("reach: the probes are what their names say", () => {
    expect(Object.fromEntries(probes.rules.map(({ id, reach }) => [id, reach]))).toEqual({
      "probe-token": "window",
      "probe-assigned": "window",
      "probe-block": "window",
      "probe-whole": "whole",
      "probe-always": "whole",
    });
  });

  test("a rule for whole contents looks everywhere once its keyword occurs anywhere, else nowhere", () => {
    const secret = plants["whole"]!(createRandom(1));
    const far = `${secret}\n${"text ".repeat(20_000)}`;
    expect(ids(probes, far)).toEqual([]);
    expect(ids(probes, `${far} PROBE-anywhere`)).toEqual(["probe-whole"]);
  });

  test("a keyword counts in any case, and inside other words", () => {
    const rules = rulesetOf([{ id: "one", regex: "(?i)probekey[ =]+([a-z0-9]{24})", keywords: ["probekey"] }]);
    expect(ids(rules, "MYPROBEKEYOLD = x, myPrObEkEy=8f0a3c7e5d1b9f2a6c4e8d07")).toEqual(["one"]);
  });

  test("two rules with one keyword, and one keyword inside another, are both tried", () => {
    const rules = rulesetOf([
      { id: "a", ...tokenRule },
      { id: "b", regex: "\\b(prb_[0-9A-Za-z]{10})", keywords: ["prb_"] },
      { id: "c", regex: "\\b(xprb_[0-9A-Za-z]{30})\\b", keywords: ["xprb_"] },
    ]);
    expect(ids(rules, token(1)).sort()).toEqual(["a", "b"]);
    expect(ids(rules, `x${token(1)}`).sort()).toEqual(["c"]);
  });

  test("secretGroup chooses the group; otherwise the first that is not empty, else the whole match", () => {
    const regex = "probekey:(x?)([a-f0-9]{20}):([a-z]{20})";
    const [a, b] = ["9f0a3c7e5d1b9f2a6c4e", "qwmzkxjvhtrplsbdgycn"];
    const text = `probekey:${a}:${b}`;
    const secretOf = (rule: object): string =>
      detectorOf(rulesetOf([{ id: "one", keywords: ["probekey"], ...rule }])).scan(Buffer.from(text)).detections[0]!
        .secret;
    expect(secretOf({ regex })).toBe(a);
    expect(secretOf({ regex, secretGroup: 3 })).toBe(b);
    expect(secretOf({ regex: regex.replaceAll("(", "(?:") })).toBe(text);
  });

  test("line ends that the regex took in belong to no match", () => {
    const rules = rulesetOf([
      { id: "one", regex: "(?:^|[\\r\\n])(?:prb_[0-9A-Za-z]{30})(?:[\\r\\n]|$)", keywords: ["prb_"] },
    ]);
    const [found] = detectorOf(rules).scan(Buffer.from(`\r\n${token(3)}\r\n`)).detections;
    expect(found).toMatchObject({ match: token(3), secret: token(3), startLine: 2, startColumn: 1, endLine: 2 });
  });

  test("a secret at or below the rule's entropy is dropped and counted", () => {
    const rules = rulesetOf([{ id: "one", ...tokenRule, entropy: 4.9 }]);
    const { detections, suppressed } = detectorOf(rules).scan(Buffer.from(token(4)));
    expect({ detections, suppressed }).toEqual({ detections: [], suppressed: { entropy: 1 } });
  });
});

describe("allowlists", () => {
  const secret = token(5);
  const with_ = (list: Partial<Allowlist>) => rulesetOf([{ id: "one", ...tokenRule, allowlists: [allow(list)] }]);

  test("by secret, match or line", () => {
    expect(ids(with_({ regexes: [`^${secret}$`] }), `k ${secret}`)).toEqual([]);
    expect(ids(with_({ regexes: ["^k "] }), `k ${secret}`)).toEqual(["one"]);
    expect(ids(with_({ regexes: ["^k "], regexTarget: "line" }), `k ${secret}`)).toEqual([]);
    expect(ids(with_({ regexes: ["^prb_"], regexTarget: "match" }), `k ${secret}`)).toEqual([]);
  });

  test("a stop word in the secret, in any case", () => {
    expect(ids(with_({ stopwords: [secret.slice(8, 14).toLowerCase()] }), secret)).toEqual([]);
    expect(ids(with_({ stopwords: ["not-in-it"] }), secret)).toEqual(["one"]);
  });

  test("AND needs all of its kinds, OR one", () => {
    const list = { regexes: ["^prb_"], stopwords: ["not-in-it"] };
    expect(ids(with_({ ...list, condition: "AND" }), secret)).toEqual(["one"]);
    expect(ids(with_({ ...list, condition: "OR" }), secret)).toEqual([]);
  });

  test("one that also wants a path is left to those who know the path", () => {
    expect(ids(with_({ regexes: ["^prb_"], paths: ["x"], condition: "AND" }), secret)).toEqual(["one"]);
  });

  test("global ones count for all rules, or for those they name", () => {
    const rules = [
      { id: "one", ...tokenRule },
      { id: "two", regex: "(prb_[0-9A-Za-z]{29})", keywords: ["prb_"] },
    ];
    const list = allow({ regexes: ["^prb_"] });
    expect(ids(rulesetOf(rules, [{ ...list, targetRules: [] }]), secret)).toEqual([]);
    expect(ids(rulesetOf(rules, [{ ...list, targetRules: ["two"] }]), secret)).toEqual(["one"]);
  });

  test("what is dropped is counted", () => {
    expect(detectorOf(with_({ regexes: ["."] })).scan(Buffer.from(`${secret} ${token(6)}`)).suppressed).toEqual({
      allowlist: 2,
    });
  });

  test("an allow mark in the line silences it, unless marks are not honoured", () => {
    const rules = rulesetOf([{ id: "one", ...tokenRule }]);
    expect(ids(rules, `${secret} # gitleaks:allow`)).toEqual([]);
    expect(ids(rules, `${secret} # gitleaks:allow`, { honourInlineAllow: false })).toEqual(["one"]);
    expect(ids(rules, `# gitleaks:allow\n${secret}`)).toEqual(["one"]);
  });
});

describe("composite rules", () => {
  const part = { id: "part", regex: "\\bpartof=([a-z]{12})\\b", keywords: ["partof"], skipReport: true };
  const whole = (required: object) =>
    rulesetOf([part, { id: "one", ...tokenRule, required: [{ id: "part", ...required }] }]);
  const partText = "partof=qwmzkxjvhtrp";

  test("need their part anywhere, or within so many lines or columns; the part itself is not reported", () => {
    const apart = `${partText}\n\n\n      ${token(7)}`;
    expect(ids(whole({}), apart)).toEqual(["one"]);
    expect(ids(whole({}), token(7))).toEqual([]);
    expect(ids(whole({ withinLines: 3 }), apart)).toEqual(["one"]);
    expect(ids(whole({ withinLines: 2 }), apart)).toEqual([]);
    expect(ids(whole({ withinColumns: 6 }), apart)).toEqual(["one"]);
    expect(ids(whole({ withinColumns: 5 }), apart)).toEqual([]);
    expect(ids(whole({}), partText)).toEqual([]);
  });

  test("the part may come before or after, and megabytes apart", () => {
    const middle = "lorem ipsum\n".repeat(200_000);
    for (const text of [`${partText} ${middle} ${token(7)}`, `${token(7)} ${middle} ${partText}`]) {
      expect(ids(whole({}), text)).toEqual(["one"]);
      const stream = detectorOf(whole({})).stream();
      stream.push(Buffer.from(text));
      expect(stream.end().detections.map(({ ruleId }) => ruleId)).toEqual(["one"]);
    }
  });

  test("a part that no rule is never holds", () => {
    expect(ids(rulesetOf([{ id: "one", ...tokenRule, required: [{ id: "nobody" }] }]), token(7))).toEqual([]);
  });
});

describe("limits", () => {
  test("more detections than the limit are not listed, and that is said", () => {
    const text = Buffer.from(Array.from({ length: maxDetections + 3 }, (_, i) => token(i)).join("\n"));
    const detector = detectorOf(probes);
    const whole = detector.scan(text);
    expect({ listed: whole.detections.length, limited: whole.limited }).toEqual({
      listed: maxDetections,
      limited: true,
    });
    const exact = detector.scan(Buffer.from(text.toString().split("\n").slice(0, maxDetections).join("\n")));
    expect({ listed: exact.detections.length, limited: exact.limited }).toEqual({
      listed: maxDetections,
      limited: false,
    });
    const stream = detector.stream();
    stream.push(text);
    expect(stream.end()).toEqual(whole);
  });

  test("text encoded in itself again and again does not multiply the work", () => {
    // 3 MB of base64 that decodes to base64, twelve layers deep where each is asked for.
    let text = Buffer.from("the quick brown fox jumps over the lazy dog ".repeat(2000));
    for (let i = 0; i < 12; i++) text = Buffer.from(text.toString("base64"));
    expect(detectorOf(probes, { decodeDepth: 100 }).scan(text).detections).toEqual([]);
  });
});

describe("determinism", () => {
  test("what was decoded before leaves as much room for a stream", () => {
    const detector = detectorOf(probes, { decodeDepth: 20 });
    let text = Buffer.alloc(1 << 20, "some text that is encoded again and again\n");
    while (text.length < 20 << 20) text = Buffer.from(text.toString("base64"));
    detector.scan(text);
    const stream = detector.stream();
    stream.push(Buffer.from(Buffer.from(`the value is ${token(9)} here`).toString("base64")));
    expect(stream.end().detections).toHaveLength(1);
  });

  test("zeros that are pushed as a number are zeros: the same places, lines, columns and joined parts", () => {
    const random = createRandom("zeros");
    for (const rules of [probes, rulesetOf([{ id: "ends", regex: "END\\x00+(?:[a-z]+)?" }])]) {
      for (let round = 0; round < 6; round++) {
        const parts: (Buffer | number)[] = [];
        for (let i = 0; i < 3; i++) {
          const text = Array.from({ length: 20 }, () => random.pick(Object.values(plants))(random)).join("\nprobekey ");
          const encoded = Buffer.from(text).toString(random.pick(["utf8", "base64", "hex"] as const));
          parts.push(Buffer.from(encoded + random.pick(["", "\n", "END", "prb_", " "])));
          parts.push(random.pick([1, 4096, 3 << 20, (9 << 20) + 7, 12 << 20]));
        }
        const detector = detectorOf(rules);
        const [plain, leaping] = [detector.stream(), detectorOf(rules).stream()];
        for (const part of parts) {
          plain.push(typeof part === "number" ? Buffer.alloc(part) : part);
          if (typeof part === "number") leaping.pushZeros(part);
          else leaping.push(part);
        }
        const found = plain.end();
        expect(leaping.end()).toEqual(found);
        if (rules === probes) expect(found.detections.length).toBeGreaterThan(30);
      }
    }
  });

  test("a terabyte of zeros is gone through at once", () => {
    const stream = detectorOf(probes).stream();
    stream.pushZeros(2 ** 40);
    stream.push(Buffer.from(`\n${token(1)}`));
    expect(stream.end().detections.map(({ start, startLine }) => [start, startLine])).toEqual([[2 ** 40 + 1, 2]]);
  });

  test("a detector that scanned other things before gives the same", () => {
    const random = createRandom("same");
    const content = Buffer.from(
      Array.from({ length: 300 }, () => random.pick(Object.values(plants))(random)).join("\nprobe-anywhere "),
    );
    const fresh = detectorOf(probes).scan(content);
    const used = detectorOf(probes);
    used.scan(Buffer.alloc(3_000_000, "prb_ probekey nokey-"));
    const stream = used.stream();
    stream.push(Buffer.from("prb_0123"));
    stream.end();
    expect(used.scan(content)).toEqual(fresh);
    expect(used.scan(content)).toEqual(fresh);
    expect(fresh.detections.length).toBeGreaterThan(200);
  });

  test("the kernel's twin gives the same as the kernel", () => {
    const random = createRandom("twin");
    const content = Buffer.from(
      Array.from({ length: 200 }, () => random.pick(Object.values(plants))(random)).join(" "),
    );
    const encoded = Buffer.from(`${content.toString("base64")} probe-anywhere ${content.toString("latin1")}`);
    expect(detectorOf(probes, { code: createTwin() }).scan(encoded)).toEqual(detectorOf(probes).scan(encoded));
  });

  test("the order of detections is by place, then rule", () => {
    const random = createRandom("order");
    const content = Buffer.from(
      `probe-anywhere ${Array.from({ length: 100 }, () => random.pick(Object.values(plants))(random)).join(" ")}`,
    );
    const found = detectorOf(probes).scan(content).detections;
    const sorted = [...found].sort((a, b) => a.start - b.start || a.end - b.end || (a.ruleId < b.ruleId ? -1 : 1));
    expect(found).toEqual(sorted);
  });

  test("nothing, and next to nothing, is scanned as well", () => {
    const detector = detectorOf(probes);
    for (const content of ["", "\n", "prb_", "x"])
      expect(detector.scan(Buffer.from(content))).toEqual({
        detections: [],
        suppressed: {},
        judged: new Map(),
        limited: false,
      });
    expect(detector.stream().end()).toEqual({ detections: [], suppressed: {}, judged: new Map(), limited: false });
  });

  test("the value behind a look-up is found, in one piece and as a stream", () => {
    const random = createRandom("default");
    const value = random.chars("0123456789abcdef", 32);
    const lines = [
      `apiKey = process.env.APIKEY || "${value}";`,
      `secret: os.environ.get("SECRET", "${value}"),`,
      `api_key="\${API_KEY:-${value}}"`,
    ];
    for (const line of lines) {
      const detector = detectorOf(builtinRuleset());
      const content = Buffer.from(`first line\n${line}\nlast line\n`);
      const whole = detector.scan(content).detections;
      // More than one rule may know it; what they tell is joined later.
      expect([...new Set(whole.map(({ secret }) => secret))]).toEqual([value]);
      const stream = detector.stream();
      for (const byte of content) stream.push(Buffer.from([byte]));
      expect(stream.end().detections).toEqual(whole);
    }
  });

  test("each line of a list is found where its rule needs the line ends on both sides", () => {
    const random = createRandom("lines");
    const values = [1, 2, 3, 4].map(() => random.chars("abcdefghkmnpqrstuvwxyz23456789", 16));
    for (const end of ["\n", "\r\n"]) {
      const content = Buffer.from(values.map((value) => `*:5432:*:app:${value}${end}`).join(""));
      const found = detectorOf(builtinRuleset()).scan(content).detections;
      expect(found.map(({ secret, startLine }) => [secret, startLine])).toEqual(
        values.map((value, index) => [value, index + 1]),
      );
    }
  });
});
