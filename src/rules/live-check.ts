import { noLiveReasons, signatures } from "../model/live-check.ts";
import type { LiveCheck, LiveHost } from "../model/live-check.ts";
import type { RuleNotes } from "../model/rule.ts";
import { invalid } from "./invalid.ts";
import type { TableReader } from "./toml-reader.ts";

/**
 * Live checks: how the issuer of a token can be asked whether it still works, as data. leaktrace asks nobody; whoever does reads this from `rules show`. What is checked here
 * is that such a question can go to the issuer alone, whatever was found.
 */

const methods = ["GET", "POST", "PUT", "HEAD"] as const;
/** What a template may name, beside `{{part.RULE}}` (the value of another rule that stands beside it) and `{{capture.N}}`: the value, and the entries beside it that are its user, its id, its account, its host. */
const names: ReadonlySet<string> = new Set(["value", "user", "id", "account", "host"]);
const headerName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const partName = /^part\.([\w.-]{1,100})$/;
const captureName = /^capture\.([1-9]\d?)$/;
const template = /\{\{([^{}]*)\}\}/g;
/** A name of the web, two labels at least: what a taken host has to end with. */
const domain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/;

/** Reads the table `live` of a rule; undefined where it has none. @throws ToolError `rules-invalid` */
export function readLiveCheck(rule: TableReader): LiveCheck | undefined {
  const table = rule.table("live");
  if (table === undefined) return undefined;
  const headers = table.table("headers");
  const host = table.table("host");
  const text = (
    key: "when" | "basic" | "body" | "key_id" | "valid_body" | "invalid_body",
  ): Partial<Record<string, string>> => {
    const value = table.text(key);
    return value === undefined ? {} : { [key.replace("_b", "B").replace("_i", "I")]: value };
  };
  const sign = table.choice("sign", signatures);
  const check: LiveCheck = {
    ...text("when"),
    method: table.choice("method", methods) ?? "GET",
    url: table.text("url") ?? "",
    headers: headers?.all() ?? {},
    ...text("basic"),
    ...text("body"),
    ...(sign === undefined ? {} : { sign }),
    ...text("key_id"),
    valid: statuses(table, "valid"),
    ...text("valid_body"),
    invalid: statuses(table, "invalid"),
    ...text("invalid_body"),
    ...(host === undefined ? {} : { host: readHost(host) }),
  };
  table.finish();
  return check;
}

function readHost(table: TableReader): LiveHost {
  const capture = table.count("capture");
  const part = table.text("part");
  const isLabel = table.flag("label") ?? false;
  const under = table.texts("under").map((one) => one.toLowerCase());
  if (under.length === 0 || !under.every((one) => domain.test(one)))
    throw invalid(`${table.where}: under must name the domains that a host may lie in`, 'as in under = ["okta.com"]');
  if (capture !== undefined && part !== undefined) throw invalid(`${table.where}: a host is taken from one place`);
  if (isLabel && under.length > 1) throw invalid(`${table.where}: a label stands before one domain`);
  table.finish();
  return {
    ...(capture === undefined ? {} : { capture }),
    ...(part === undefined ? {} : { part }),
    ...(isLabel ? { isLabel } : {}),
    under,
  };
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
  groups: number,
  where: string,
  compiles: (pattern: string, where: string) => void,
): void {
  const fail = (message: string, hint?: string): never => {
    throw invalid(`${where}: live: ${message}`, hint);
  };
  const { url, headers, body, sign, keyId, valid, host } = live;
  const texts = templatesOf(live);
  const hasGroup = (group: number): boolean => group >= 1 && group <= groups;
  for (const [, name = ""] of texts.flatMap((one) => [...one.matchAll(template)]))
    if (!names.has(name) && !partName.test(name) && !hasGroup(Number(captureName.exec(name)?.[1])))
      fail(`{{${name}}} is no name that a template knows`, [...names, "capture.N", "part.RULE"].join(", "));
  if (texts.some((one) => one.replaceAll(template, "").includes("{{"))) fail("a template is not closed");
  if (sign === undefined && !texts.some((one) => /\{\{(?:value|capture\.)/.test(one)))
    fail("nothing in it is the value");
  for (const [name, value] of Object.entries(headers))
    // eslint-disable-next-line no-control-regex
    if (!headerName.test(name) || /[\x00-\x1f\x7f]/.test(value)) fail(`${JSON.stringify(name)} is no header`);
  if (keyId !== undefined && sign === undefined) fail("key_id stands beside sign");
  if (body !== undefined && !("content-type" in headers))
    fail("a body needs the header content-type", "values are escaped for its form before they stand in the body");
  checkAddress(url, host !== undefined, fail);
  if (host?.capture !== undefined && !hasGroup(host.capture))
    fail(`host is capture ${host.capture}, but the regex has ${groups}`);
  if (valid.length === 0) fail("valid names no status of an answer");
  const isTold = live.validBody !== undefined || live.invalidBody !== undefined;
  if (!isTold && valid.some((status) => live.invalid.includes(status))) fail("one status cannot mean both");
  for (const [key, pattern] of Object.entries({
    when: live.when,
    valid_body: live.validBody,
    invalid_body: live.invalidBody,
  }))
    if (pattern !== undefined) compiles(pattern, `${where}: live: ${key}`);
}

/** Ids of the rules whose values a live check takes. */
export function liveParts(live: LiveCheck): string[] {
  const named = templatesOf(live).flatMap((text) =>
    [...text.matchAll(template)].map(([, name = ""]) => partName.exec(name)?.[1]),
  );
  return [...new Set([...named, live.host?.part].filter((id) => id !== undefined))];
}

function templatesOf({ url, headers, basic = "", body = "", keyId = "" }: LiveCheck): string[] {
  return [url, ...Object.values(headers), basic, body, keyId];
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

/** How a value can be checked, or why it cannot, in lines for people; none where a rule says neither. */
export function* liveLines({ live, liveNone }: RuleNotes): Iterable<string> {
  if (liveNone !== undefined) yield `${liveNone}: ${noLiveReasons[liveNone]}`;
  if (live === undefined) return;
  const { when, method, url, headers, basic, body, sign, keyId, valid, validBody, invalidBody, host } = live;
  yield `${method} ${url}`;
  if (when !== undefined) yield `for values that match ${when}`;
  for (const [name, value] of Object.entries(headers)) yield `${name}: ${value}`;
  if (basic !== undefined) yield `Basic authorization of ${basic}`;
  if (sign !== undefined) yield `signed by ${sign}${keyId === undefined ? "" : ` as ${keyId}`}`;
  if (body !== undefined) yield `body ${body}`;
  if (host !== undefined) yield hostText(host);
  yield `valid: ${answer(valid, validBody)}`;
  if (live.invalid.length > 0 || invalidBody !== undefined) yield `invalid: ${answer(live.invalid, invalidBody)}`;
}

function hostText({ capture, part, isLabel, under }: LiveHost): string {
  const from =
    capture !== undefined
      ? `capture ${capture}`
      : part !== undefined
        ? `the value of ${part}`
        : "an entry beside the value";
  return isLabel === true ? `host: ${from} before .${under[0] ?? ""}` : `host: ${from}, under ${under.join(" or ")}`;
}

function answer(statuses: readonly number[], body: string | undefined): string {
  const codes = statuses.join(", ");
  return body === undefined ? codes : `${codes}${codes === "" ? "" : " with "}a body that matches ${body}`;
}
