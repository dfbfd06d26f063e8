import { expect } from "vitest";

type Fields = Readonly<Record<string, unknown>>;

function object(value: unknown, allowed: readonly string[], required: readonly string[] = []): Fields {
  expect(value).toBeTypeOf("object");
  expect(value).not.toBeNull();
  const fields = value as Fields; // just checked
  for (const key of Object.keys(fields)) expect(allowed).toContain(key);
  for (const key of required) expect(Object.keys(fields)).toContain(key);
  return fields;
}

function list(value: unknown): readonly unknown[] {
  expect(Array.isArray(value)).toBe(true);
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  expect(value).toBeTypeOf("string");
  return String(value);
}

function message(value: unknown): string {
  return text(object(value, ["text", "markdown", "id", "arguments"], ["text"])["text"]);
}

const levels = ["none", "note", "warning", "error"];

/**
 * Checks a log against the rules of SARIF 2.1.0 (OASIS standard, sections 3.13 to 3.59) for everything this product writes: known
 * properties only, required ones there, values of their kinds, references that lead somewhere. Gives what tests look at.
 */
export function checkSarif(value: unknown): {
  rules: { id: string; level: string; score: unknown }[];
  results: {
    ruleId: string;
    level: string;
    uri: string;
    region: Fields | undefined;
    fingerprints: unknown;
    suppressions: unknown;
  }[];
  successful: unknown;
  notifications: string[];
} {
  const top = object(value, ["$schema", "version", "runs"], ["version", "runs"]);
  expect(top["version"]).toBe("2.1.0");
  const [first, ...others] = list(top["runs"]);
  expect(others).toEqual([]);
  const run = object(first, ["tool", "invocations", "results"], ["tool"]);
  const driver = object(
    object(run["tool"], ["driver"], ["driver"])["driver"],
    ["name", "semanticVersion", "rules"],
    ["name"],
  );
  expect(text(driver["semanticVersion"])).toMatch(/^\d+\.\d+\.\d+/);
  const rules = list(driver["rules"]).map((item) => {
    const allowed = ["id", "shortDescription", "help", "helpUri", "defaultConfiguration", "properties"];
    const rule = object(item, allowed, ["id"]);
    message(rule["shortDescription"]);
    if (rule["help"] !== undefined) message(rule["help"]);
    if (rule["helpUri"] !== undefined) expect(URL.canParse(text(rule["helpUri"]))).toBe(true);
    const level = text(object(rule["defaultConfiguration"], ["level"])["level"]);
    expect(levels).toContain(level);
    const properties = object(rule["properties"], ["security-severity", "tags"]);
    expect(Number(text(properties["security-severity"]))).toBeGreaterThan(0);
    return { id: text(rule["id"]), level, score: properties["security-severity"] };
  });
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  const results = list(run["results"]).map((item) => checkResult(item, rules));
  const [invocation] = list(run["invocations"]).map((item) =>
    object(item, ["executionSuccessful", "toolExecutionNotifications"], ["executionSuccessful"]),
  );
  const notifications = list(invocation?.["toolExecutionNotifications"]).map((item) => {
    const notification = object(item, ["level", "descriptor", "message"], ["message"]);
    expect(levels).toContain(notification["level"]);
    text(object(notification["descriptor"], ["id"])["id"]);
    return message(notification["message"]);
  });
  return { rules, results, successful: invocation?.["executionSuccessful"], notifications };
}

function checkResult(
  item: unknown,
  rules: readonly { id: string }[],
): ReturnType<typeof checkSarif>["results"][number] {
  const allowed = [
    "ruleId",
    "ruleIndex",
    "level",
    "message",
    "locations",
    "partialFingerprints",
    "suppressions",
    "properties",
  ];
  const result = object(item, allowed, ["message"]);
  message(result["message"]);
  expect(rules[Number(result["ruleIndex"])]?.id).toBe(result["ruleId"]);
  expect(levels).toContain(result["level"]);
  const fingerprints = object(result["partialFingerprints"], ["leaktraceSecret/v1"]);
  const [location] = list(result["locations"]).map((place) => object(place, ["physicalLocation", "logicalLocations"]));
  const physical = object(location?.["physicalLocation"], ["artifactLocation", "region"]);
  const uri = text(object(physical["artifactLocation"], ["uri"], ["uri"])["uri"]);
  // RFC 3986: only these characters, and nothing that would be taken for a scheme or an authority by mistake.
  expect(uri).toMatch(/^(?:file:\/\/\/)?(?!\/)(?:[A-Za-z0-9\-._~!$&'()*+,;=@/]|%[0-9A-F]{2})+$/);
  const tags = list(
    object(result["properties"], [
      "severity",
      "confidence",
      "masked",
      "tags",
      "commit",
      "author",
      "date",
      "image",
      "platform",
      "deleted",
      "removal",
      "deletedIn",
      "lifetime",
      "visible",
      "layerOf",
      "proof",
      "carriedBy",
    ])["tags"],
  );
  expect(new Set(tags).size).toBe(tags.length);
  for (const logical of list(location?.["logicalLocations"] ?? [])) {
    object(logical, ["name", "fullyQualifiedName", "decoratedName", "kind"]);
  }
  for (const suppression of list(result["suppressions"] ?? [])) {
    expect(["inSource", "external"]).toContain(object(suppression, ["kind", "justification"], ["kind"])["kind"]);
  }
  const region =
    physical["region"] === undefined
      ? undefined
      : object(physical["region"], ["startLine", "startColumn", "endLine", "endColumn", "snippet"]);
  if (region !== undefined) {
    for (const key of ["startLine", "startColumn", "endLine", "endColumn"]) {
      expect(Number.isInteger(region[key]) && Number(region[key]) >= 1).toBe(true);
    }
    message(region["snippet"]);
  }
  return {
    ruleId: text(result["ruleId"]),
    level: text(result["level"]),
    uri,
    region,
    fingerprints,
    suppressions: result["suppressions"],
  };
}
