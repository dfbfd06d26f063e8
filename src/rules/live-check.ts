import type { LiveCheck, Rule } from "../model/rule.ts";
import { invalid } from "./invalid.ts";
import type { TableReader } from "./toml-reader.ts";

/**
 * Live checks: how the issuer of a token can be asked whether it still works, as data. leaktrace asks nobody; whoever does reads this from `rules show`. What is checked here
 * is that such a question can go to the issuer alone, whatever was found.
 */

const methods = ["GET", "POST", "PUT", "HEAD"] as const;
/** What a template may name, beside `{{part.RULE}}`: the value, and the entries beside it that are its user, its id, its host. */
const names: ReadonlySet<string> = new Set(["value", "user", "id", "host"]);
/** Requests that are signed with the value, which no template can say. */
const signatures = ["aws-sigv4", "jwt-bearer"] as const;
const headerName = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const template = /\{\{([^{}]*)\}\}/g;
/** A name of the web, two labels at least: what a taken host has to end with. */
const domain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/;

/** Reads the table `live` of a rule; undefined where it has none. @throws ToolError `rules-invalid` */
export function readLiveCheck(rule: TableReader): LiveCheck | undefined {
  const table = rule.table("live");
  if (table === undefined) return undefined;
  const headers = table.table("headers");
  const host = table.table("host");
  const text = (key: "basic" | "body" | "valid_body" | "invalid_body"): Partial<Record<string, string>> => {
    const value = table.text(key);
    return value === undefined ? {} : { [key.replace("_b", "B")]: value };
  };
  const sign = table.choice("sign", signatures);
  const check: LiveCheck = {
    method: table.choice("method", methods) ?? "GET",
    url: table.text("url") ?? "",
    headers: headers?.all() ?? {},
    ...text("basic"),
    ...text("body"),
    ...(sign === undefined ? {} : { sign }),
    valid: statuses(table, "valid"),
    ...text("valid_body"),
    invalid: statuses(table, "invalid"),
    ...text("invalid_body"),
    ...(host === undefined ? {} : { host: readHost(host) }),
  };
  table.finish();
  return check;
}

function readHost(table: TableReader): NonNullable<LiveCheck["host"]> {
  const capture = table.count("capture");
  const under = table.texts("under").map((one) => one.toLowerCase());
  if (under.length === 0 || !under.every((one) => domain.test(one)))
    throw invalid(`${table.where}: under must name the domains that a host may lie in`, 'as in under = ["okta.com"]');
  table.finish();
  return { ...(capture === undefined ? {} : { capture }), under };
}

function statuses(table: TableReader, key: string): readonly number[] {
  const list = table.texts(key).map(Number);
  if (!list.every((status) => Number.isInteger(status) && status >= 100 && status < 600))
    throw invalid(`${table.where}: ${key} must be a list of HTTP statuses`);
  return list;
}

/**
 * Checks that a live check asks the issuer alone, names what there is, and can tell an answer. `groups`: capture groups of the rule's regex; `compiles` checks a pattern.
 * @throws ToolError `rules-invalid`
 */
export function checkLive(
  live: LiveCheck,
  required: Rule["required"],
  groups: number,
  where: string,
  compiles: (pattern: string, where: string) => void,
): void {
  const fail = (message: string, hint?: string): never => {
    throw invalid(`${where}: live: ${message}`, hint);
  };
  const { url, headers, basic, body, sign, valid, host } = live;
  const texts = [url, ...Object.values(headers), basic ?? "", body ?? ""];
  const parts = new Set(required.map(({ id }) => `part.${id}`));
  for (const [, name = ""] of texts.flatMap((one) => [...one.matchAll(template)]))
    if (!names.has(name) && !parts.has(name))
      fail(`{{${name}}} is no name that a template knows`, `${[...names, ...parts].join(", ")}`);
  if (sign === undefined && !texts.some((one) => one.includes("{{value}}"))) fail("nothing in it is the value");
  for (const [name, value] of Object.entries(headers))
    // eslint-disable-next-line no-control-regex
    if (!headerName.test(name) || /[\x00-\x1f\x7f]/.test(value)) fail(`${JSON.stringify(name)} is no header`);
  checkAddress(url, host !== undefined, fail);
  if (host?.capture !== undefined && (host.capture < 1 || host.capture > groups))
    fail(`host is capture ${host.capture}, but the regex has ${groups}`);
  if (valid.length === 0) fail("valid names no status of an answer");
  const isTold = live.validBody !== undefined || live.invalidBody !== undefined;
  if (!isTold && valid.some((status) => live.invalid.includes(status))) fail("one status cannot mean both");
  for (const [key, pattern] of Object.entries({ valid_body: live.validBody, invalid_body: live.invalidBody }))
    if (pattern !== undefined) compiles(pattern, `${where}: live: ${key}`);
}

/** Only HTTPS, and only to a host that stands in the rule, or that it takes from what it names. */
function checkAddress(url: string, takesHost: boolean, fail: (message: string, hint?: string) => never): void {
  const authority = /^https:\/\/([^/?#\\]*)(?:[/?]|$)/.exec(url)?.[1];
  if (authority === undefined) return fail("its url has to begin with https:// and a host");
  if (takesHost) {
    if (authority !== "{{host}}") fail("with host, the url begins with https://{{host}}/");
    return;
  }
  if (authority.includes("{{"))
    fail("a host is never taken from what was found", "unless host = { under = [...] } says where it has to lie");
  if (!domain.test(authority)) fail(`${JSON.stringify(authority)} is no host of the web`);
}

/** A live check in lines for people. */
export function* liveLines(live: LiveCheck): Iterable<string> {
  const { method, url, headers, basic, body, sign, valid, validBody, invalidBody, host } = live;
  yield `${method} ${url}`;
  for (const [name, value] of Object.entries(headers)) yield `${name}: ${value}`;
  if (basic !== undefined) yield `Basic authorization of ${basic}`;
  if (sign !== undefined) yield `signed by ${sign}`;
  if (body !== undefined) yield `body ${body}`;
  if (host !== undefined)
    yield `host ${host.capture === undefined ? "beside the value" : `capture ${host.capture}`}, under ${host.under.join(" or ")}`;
  yield `valid ${answer(valid, validBody)}`;
  if (live.invalid.length > 0 || invalidBody !== undefined) yield `invalid ${answer(live.invalid, invalidBody)}`;
}

function answer(statuses: readonly number[], body: string | undefined): string {
  const codes = statuses.join(", ");
  return body === undefined ? codes : `${codes}${codes === "" ? "" : " with "}a body that matches ${body}`;
}
