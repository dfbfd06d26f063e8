import type { Near } from "../model/near.ts";

/**
 * Rules that say near which names a value of a common shape is a secret: `near = { names = ["launch darkly"], value = '[0-9a-f]{32}' }`. What people
 * write between a name and its value is the same for every service, so it is written once, here, and a rule says the rest: the names, the shape,
 * and the words that tell a secret from other values of that service.
 */

const separators = ["", "_", "-", ".", " "];
/** Shorter names stand inside other words. */
const longestBordered = 5;
/** A name by itself (`datadog = "…"`) says enough when it is no part of everyday names. */
const shortestAlone = 3;
/** Shorter words of roles stand inside many others: `pat` in `path`, `auth` in `author`. */
const longestShortRole = 4;

const usualRoles = [
  ...["key", "token", "secret", "credential", "password", "passwd", "passphrase", "bearer", "authorization", "oauth"],
  ...["webhook", "auth", "api", "pass", "pwd", "pat", "jwt", "cred", "pw"],
];

/** All spellings of the names, lower case: every match holds one of them. */
export function nearKeywords({ names, roles }: Near): string[] {
  const all = names.map(plain);
  const begun = camelRoles(roles).flatMap(({ stage, role }) =>
    all.filter(isBeginning).map((name) => (name.slice(0, -1) + (stage ?? role)).toLowerCase()),
  );
  return [...new Set([...all.flatMap(spellings), ...all.filter(isJoint).map(unjoined), ...begun])];
}

/** The regex (RE2 syntax); its only group is the value. */
export function nearRegex({ names, roles, value }: Near): string {
  const words = (roles.length === 0 ? ["*"] : roles).flatMap((role) => (role === "*" ? usualRoles : [role]));
  const segments = words.filter((word) => word.startsWith(segmentMark));
  const telling = words.filter((word) => !word.startsWith(segmentMark));
  const everyday = names.filter((name) => name.startsWith(everydayMark)).map(plain);
  const rare = names.filter((name) => !name.startsWith(everydayMark));
  const short = rare.filter((name) => name.replaceAll(/[ _]/g, "").length <= longestBordered);
  const long = rare.filter((name) => !short.includes(name));
  const isTelling = roles.length === 0 || roles.includes("*") || telling.some((word) => secretRole.test(word));
  const byPath = segments.length === 0 ? [] : [`[^\\s"'\\x60<>]{0,80}?(?:${either(segments)})/`];
  const wide = (group: readonly string[]): string[] =>
    isTelling && group.every((name) => name.length >= shortestAlone)
      ? [`${noRole}(?:${joint}|${beside})`, ...byPath]
      : byPath;
  const beginnings = names.map(plain).filter(isBeginning);
  const paths = [
    ...(beginnings.length === 0 ? [] : [camelPath(beginnings, roles)]),
    ...(long.length === 0
      ? []
      : [`${anywhere(long)}(?:${[widePath(telling), `[\\w.]{0,24}${call}`, ...wide(long)].join("|")})`]),
    ...(short.length === 0
      ? []
      : [`${bordered(short)}(?:${[shortPath(telling), `(?:[A-Z_.][\\w.]{0,24})?${call}`, ...wide(short)].join("|")})`]),
    ...(everyday.length === 0
      ? []
      : [
          `${bordered(everyday)}(?:${[
            closePath(telling),
            `[_.\\- ]?(?i:api)\\b${widePath(telling)}`,
            ...(isTelling ? [`${noRole}${joint}`] : []),
          ].join("|")})`,
        ]),
  ];
  return `(?:${paths.join("|")})${opening}(${value})(?:[^0-9A-Za-z_+=\\-]|\\z)`;
}

/** Roles that tell a secret, and no name or number of an account: what is assigned to the service's bare name may be it. */
const secretRole =
  /^(?:(?:api|access|auth|client|app|secret|private|consumer|admin|bot|refresh)[ _]?)?(?:key|secret|token|password)$/;

const everydayMark = "=";
const segmentMark = "/";

function plain(name: string): string {
  return name.startsWith(everydayMark) ? name.slice(1) : name;
}

function spellings(name: string): string[] {
  const spaced = name.includes(" ") ? separators.map((separator) => name.replaceAll(" ", separator)) : [name];
  return spaced.flatMap((one) =>
    one.includes("_") ? [one, one.replaceAll("_", "-"), ...(isJoint(one) ? [one.replaceAll("_", ".")] : [])] : [one],
  );
}

/** Names that no letter stands before, or that a capital begins inside a name. */
function bordered(names: readonly string[]): string {
  const inside = names.filter((name) => /^[a-z ]+$/.test(name) || isJoint(name)).map(capitals);
  const joint = names.filter(isJoint).map(camel);
  const free = `(?:\\b|_|[0-9]|\\\\[nrt]|-D)(?:(?i:${either(names)})${joint.map((name) => `|${name}`).join("")})`;
  return inside.length === 0 ? free : `(?:${free}|(?:[a-z]|\\b|_)(?:${inside.join("|")}))`;
}

/** Names that may stand inside of words; but for the letter before what a capital joins. */
function anywhere(names: readonly string[]): string {
  const joint = names.filter(isJoint);
  if (joint.length === 0) return `(?i:${either(names)})`;
  return `(?:(?i:${either(names)})|(?:\\b|_|[0-9])(?:${joint.map(camel).join("|")})|${joint.map(capitals).join("|")})`;
}

/** `comet_api`: a capital is what stands there in `cometApiKey`. */
function isJoint(name: string): boolean {
  return /^[a-z][a-z0-9]*(?:_[a-z]+)+$/.test(name);
}

function unjoined(name: string): string {
  return name.replaceAll("_", "");
}

/** `kite_`: a capital is what stands there in `kiteApiKey`. */
function isBeginning(name: string): boolean {
  return /^[a-z][a-z0-9]*_$/.test(name);
}

/** `comet_api` as `cometApi`; a regex. */
function camel(name: string): string {
  return name.charAt(0) + capitals(name).slice(1);
}

/** `comet_api` as `CometApi`, or `CometAPI`; a regex. */
function capitals(name: string): string {
  return capitalized(name).replaceAll("Api", "A(?:pi|PI)");
}

function capitalized(name: string): string {
  return name.replaceAll(/(?:^|[ _])([a-z])/g, (_, letter: string) => letter.toUpperCase()).replaceAll(/[ _]/g, "");
}

/** Words between the beginning of a name and what tells it: `kiteApiKey`. */
const stages = ["Api", "Access", "Auth", "App", "Client"];
const usualCamelRoles = ["Key", "Token", "Secret", "Password", "Pat"];

/** What goes on behind such a beginning, as names in camel case do: a role, or a stage that a role follows. */
function camelRoles(roles: readonly string[]): readonly { readonly stage?: string; readonly role: string }[] {
  const own = roles.filter((role) => /^[a-z ]+$/.test(role)).map(capitalized);
  const all = own.length === 0 || roles.includes("*") ? [...own, ...usualCamelRoles] : own;
  return all.flatMap((role) => [{ role }, ...stages.map((stage) => ({ stage, role }))]);
}

function camelPath(beginnings: readonly string[], roles: readonly string[]): string {
  const heads = beginnings.map((name) => name.slice(0, -1));
  const told = [...new Set(camelRoles(roles).map(({ role }) => role))];
  const head = `(?:(?:\\b|_|[0-9])(?:${heads.join("|")})|(?:\\b|_|[a-z])(?:${heads.map(capitalized).join("|")}))`;
  return `${head}(?:${stages.map(capitals).join("|")})?(?:${told.map(capitals).join("|")})[A-Za-z0-9]{0,12}${closing}(?:${operator}|${blank})`;
}

function either(words: readonly string[]): string {
  const all = words.flatMap(spellings).map((word) => word.replaceAll(/[^0-9A-Za-z_ -]/g, "\\$&"));
  return [...new Set(all)].join("|");
}

/** A role and the rest of the name that it stands in. */
function roleOf(roles: readonly string[]): string {
  const long = roles.filter((role) => role.length > longestShortRole || role === "key");
  const short = roles.filter((role) => !long.includes(role));
  const parts = [
    ...(long.length === 0 ? [] : [`(?i:${either(long)})[\\w.\\-]{0,24}`]),
    ...(short.length === 0 ? [] : [`(?i:${either(short)})s?(?:[_.\\-][\\w.\\-]{0,20}|[A-Z0-9]\\w{0,20})?`]),
  ];
  return `(?:${parts.join("|")})`;
}

/** What ends the name: quotes and brackets, a type, the other half of a name/value pair. */
const closing =
  "[\"'\\x60\\\\\\])}>*]{0,5}" +
  "(?:(?:\\s{0,2}:\\s{0,2}(?:&(?:'static )?)?|[ \\t]{1,2})[A-Za-z][\\w.<>?\\[\\]|]{1,24}|\\s?\\{[^{}\\r\\n]{0,40}\\}|" +
  "[\"']?\\s?\\{[^{}]{0,160}?(?i:value|default)|" +
  "[\\s,\"'>;]{1,40}(?i:value|default|content|text|data)[\"']?|</(?i:key|name)>\\s{0,20}<(?i:string|value))?";
const operator = "\\s{0,12}(?:[=:,(|>?+]{1,4}|<-|[!=]=|- )[=:>+\\-]{0,2}\\s{0,12}";
const blank = "[ \\t]{1,8}(?:(?i:is|are|or|to)[: \\t]{1,4})?";

const gap = "(?:[^\\r\\n]{0,100}?|[^\\r\\n]{0,60}(?:\\r?\\n[^\\r\\n]{0,60}){1,4}?)";

/** From a name to its value: anything on the line, or four lines on, as long as a telling word takes the value. */
function widePath(roles: readonly string[]): string {
  return `${gap}${roleOf(roles)}${closing}(?:${operator}|${blank})`;
}

/** The same behind a name that words begin with: it ends there. */
function shortPath(roles: readonly string[]): string {
  return `(?:(?:[^A-Za-z]|[A-Z][a-z])${gap}|${parts})${roleOf(roles)}${closing}(?:${operator}|${blank})`;
}

/** Words that names of keys are joined from without a separator. */
const parts =
  "(?i:(?:api|access|secret|auth|private|client|personal|bot|user|app|service|account|project|rest|io|ai|co)[_.\\- ]?){0,2}";

/** The telling word is a part of the same name, or right behind it: inside brackets, on the next line, in a URL, as an option of a command. */
function closePath(roles: readonly string[]): string {
  const joined = `(?:[ _.\\-](?:[A-Za-z]{2,10}[ _.\\-]?){0,2}|(?:[A-Z][a-z]{1,9}){0,2}|${parts})`;
  const behind = "(?:[\"'\\x60\\])}>*]{1,3}|[\\s:=(])[\\s:=({\\[\"'>]{0,24}[\\w\\-]{0,12}?";
  const url = "\\.[a-z]{2,6}[/:?\"'][^\\r\\n]{0,100}?";
  const option = "[ \\t][^\\r\\n|;]{0,80}?--";
  return `(?:${joined}|${behind}|${url}|${option})${roleOf(roles)}${closing}(?:${operator}|${blank})`;
}

const stage =
  "(?:[_.\\- ]?(?i:production|prod|live|test|dev|staging|client|api|app|io|com|ai|sdk|default|v?[0-9])){0,2}";
/** The name is all that tells the value. */
const noRole = `${stage}${closing}`;
/** The value is assigned to it … */
const joint = "(?:\\s{0,8}(?:[=:|>?]{1,3}|<-|->|- )[=>]?\\s{0,8}|[ \\t]{0,4},[ \\t]{0,4})";
/** … or stands right beside it. */
const beside = "[ \\t]{1,4}";
/** The value is an argument of a call of the name: the first one, or the second one behind a user or an account. */
const call = "\\(\\s{0,4}(?:[\"'][^\"'\\r\\n]{1,60}[\"']\\s{0,2},\\s{0,4})?";

const calls =
  "(?:[A-Za-z_][\\w.:]{0,40}!?\\(\\s{0,3}(?:[\"'\\x60][\\w.\\-:/ ]{1,60}[\"'\\x60]\\s{0,2},\\s{0,3})?){0,2}";
const quotes = "(?:%2[027]|%3[ADad]|&quot;|&#3[49];|\\\\u0022|[@$&brufLN]{0,2}[\"'\\x60\\\\({\\[<]{1,6}\\s{0,2})?";
const schemes =
  "(?:(?i:bearer|token|basic|apikey|api[_-]?key|key|bot|api|secret)(?:[ :=]{1,2}|%20)[\"'\\\\]{0,2}){0,2}";
/** What stands before the value's first character. */
const opening = calls + quotes + schemes;
