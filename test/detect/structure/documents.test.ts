import { describe, expect, test } from "vitest";
import type { Detection } from "../../../src/model/detection.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { fillTemplate } from "../../../src/rules/templates.ts";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";
import { documents } from "./documents.ts";

const detector = detectorOf(builtinRuleset());

/** The text with its values, and each value by its name. */
function filled(
  name: string,
  text: string,
): { readonly content: string; readonly values: ReadonlyMap<string, string> } {
  const random = createRandom(name);
  const values = new Map<string, string>();
  const content = text.replaceAll(/<<(\w+)(?:\|([^>]+))?>>/g, (_, value: string, form = "alnum:20") => {
    if (!values.has(value)) values.set(value, fillTemplate(`\${${form}}`, random));
    return values.get(value)!;
  });
  return { content, values };
}

function told({ key = "", parts = [] }: Detection): string {
  return `${key}${parts.length === 0 ? "" : ` | ${parts.map(({ name, value }) => `${name}=${value}`).join(", ")}`}`;
}

describe("key paths and partners of", () => {
  for (const [name, { text, expected }] of Object.entries(documents)) {
    test(name, () => {
      const { content, values } = filled(name, text);
      const found = new Map<string, string>();
      for (const detection of detector.scan(Buffer.from(content)).detections) {
        const value = [...values].find(([, one]) => one === detection.secret)?.[0] ?? detection.secret;
        found.set(value, told(detection));
      }
      const wanted = Object.entries(expected).map(([value, path]): [string, string] => [
        value,
        path.replaceAll(/<<(\w+)>>/g, (_, other: string) => values.get(other) ?? ""),
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    });
  }
});
