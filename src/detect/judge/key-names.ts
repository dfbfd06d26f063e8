import { looksRandom } from "./random-value.ts";
import { splitWords } from "./words.ts";

/** `secret`: the name promises one. `weak`: only a clearly random value counts. `never`: what it names is no secret. */
export type KeyName = "secret" | "weak" | "never";

const NEVER_LAST: ReadonlySet<string> = new Set(
  (
    "id ids name names type types kind path paths file files filename dir directory folder url uri urls endpoint endpoints host hostname port header headers field fields column attribute attr param params parameter parameters " +
    "property label title text texts message messages msg error errors err hint help placeholder description desc tooltip class selector regex regexp pattern format length len size min max count limit index idx version algorithm alg algo " +
    "method mode strategy policy scope scopes role roles status state enabled disabled required optional visible expiry expires expiration expire ttl timeout lifetime interval duration age prefix suffix separator delimiter " +
    "alias ref reference arn provider source store manager service factory handler validator generator parser encoder encoding schema model table view page form input button icon image event action callback listener hook " +
    "mock digest checksum fingerprint thumbprint usage stroke press board word words frame frames map bindings binding down up char chars charset character characters option options flag flags arg args argument comment doc docs locale lang " +
    "example examples sample template templates regexes rule rules node nodes literal span range position offset pos line lines kinds list array dict set tree stream buffer reader writer iterator " +
    "strength meter rotation request requests response responses command cmd script question prompt info metadata meta date time timestamp at on by of in owner owners changed set reset required needed missing invalid cache caching address hashes hash data verifier salt iv history result results point points scheme schemes"
  ).split(" "),
);

const NEVER_FIRST: ReadonlySet<string> = new Set(
  (
    "is has no not invalid missing forgot show hide on enable disable require requires required public pub primary foreign sort partition cache index i18n locale lang keyboard placeholder translation label " +
    "msg message err error errors validate check find list delete remove max min"
  ).split(" "),
);

/** Verbs of functions; of a path such as `ParseClientConfiguration.clientKey` only the last name can be one. */
const FUNCTION_FIRST: ReadonlySet<string> = new Set("parse encode decode generate create".split(" "));

/** Words that also say what a service does or which it is: before the whole name of a credential they say that (`TRANSLATION_API_KEY`, `msg91_auth_key`). */
const SERVICE_FIRST: ReadonlySet<string> = new Set(
  "primary index i18n locale lang translation label msg message cache keyboard sort remove find check list".split(" "),
);
const CREDENTIAL =
  /(?:(?:api|access|auth|secret)[_.-]?key|(?:api|access|auth)[_.-]?token|(?:client|api)[_.-]?secret)$/i;

const WEAK_FIRST: ReadonlySet<string> = new Set(
  "new old current confirm verify change reset update test fake mock example sample dummy expected wrong bad".split(
    " ",
  ),
);

/** Anywhere in a name: made to be shown, or bound to one page or one test run. */
const NEVER_ANYWHERE: ReadonlySet<string> = new Set(
  (
    "public publishable csrf xsrf nonce authenticity sitekey placeholder regex tokenizer vocab pagination websocket continuation cursor cancellation " +
    "gpg pgp logits einsum encrypted hashed sealed ciphertext idempotency"
  ).split(" "),
);

/** What opens a key of GnuPG is a secret, though its keys, ids and names are none. */
const OPENS_A_KEY = /(?:gpg|pgp)\w*[_.-]?pass(?:phrase|word|wd)?$/i;

/** Whole names, without separators, that are something else although they contain a telling word. */
const NEVER_WHOLE =
  /^(?:keys?|keywords?|keycode|keydown|keyup|keypress|keyframes?|primarykey|foreignkey|partitionkey|sortkey|rowkey|cachekey|objectkey|s3key|storagekey|registrykey|mapkey|hashkey|groupkey|routingkey|bindingkey|publickey|pubkey|hotkey|shortcutkey|formkey|datakey|indexkey|namekey|configkey|translationkey|messagekey|monkey|turkey|hockey|donkey|tokentype|tokenize[rd]?|tokens|maxtokens|totaltokens|(?:eos|pad|bos|unk|cls|sep|mask|special)tokens?|cancellationtoken|publickeytoken|secretary|secretname|passage|passenger|passive|passthrough|compass|bypass|author|authors|authority|authentic|tokenaddress|tokenid|.*(?:next|page|client|sync|update|change|idempotency|resume|start|marker|import|lock|sequence|delta|request|response|version)token|.*websocketkey|(?:.*fungible|.*spl|native)token|(?:spread|work)?sheetkey|(?:install|recv|l?sign|adopt)keys?|reference|(?:postman|anonymous)token|stepkey|(?:this)?modulekey|statictoken|.*(?:repository|repo|apt|identifier)key)$/;

/** Tokens bound to one page, keys of a page's widgets, public halves and hashes, however the name is joined (`scriptPubKey`, `csrfmiddlewaretoken`). */
const OPEN_NAME = /csrf|xsrf|pub_?key|site_?key|password_?hash/i;

/** What TLS and its like derive for one session: of no use after it, and mostly seen in test vectors. */
const SESSION_SECRET =
  /(?:handshake|application_traffic|traffic|exporter|resumption|premaster|pre_master|early|initial|binder|client_random|derived)\w*secret/i;

/** A file's name: what stands right of it is said of the file, mostly its digest. */
const FILE_NAME =
  /\.(?:[cm]?[jt]sx?|py[cio]?|rs|go|rb|java|class|kt|cs|cc?|cpp|hh?|hpp|m|pp|epp|erb|swift|php|pl|lua|md|rst|txt|json|ya?ml|toml|xml|html?|css|scss|svg|png|jpe?g|gif|pem|der|crt|cer|pub|so|a|o|dll|jar|gz|zip|sh|bat|stderr|stdout|snap|lock|map|wasm|vue|svelte|proto|tmpl)$/i;

/** Names that make a secret of a `key` behind their dot: `encryption.key`, `stripe.api.key`. */
const KEY_OF =
  /(?:api|app|access|secret|private|encrypt\w*|decrypt\w*|cipher|crypto|sign(?:ing)?|signature|master|auth\w*|license|session|hmac|aes|jwt|shared)\.key$/i;

/** `KATDBpwdLqcU`: drawn letters, in which a telling word stands by chance; names that people give have separators, or words. */
function isDrawn(key: string): boolean {
  return key.length >= 8 && /^[A-Za-z0-9]+$/.test(key) && /\d/.test(key) && looksRandom(key, 1);
}

/** Judges the name that a value was assigned to. @param key as written, `db.apiKey` or `API_KEY`; empty: unknown */
export function judgeKeyName(key: string): KeyName {
  if (key === "") return "secret";
  const words = splitWords(key).map((word) => word.text);
  const last = words[words.length - 1] ?? "";
  const first = words[0] ?? "";
  if (NEVER_LAST.has(last) && words.length > 1 && !/secret[_.-]?word$/i.test(key)) return "never";
  // Of a path such as `request.token` only the last name counts as a whole.
  const whole = key
    .slice(key.lastIndexOf(".") + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
  if (NEVER_WHOLE.test(whole) && !KEY_OF.test(key)) return "never";
  if (words.some((word) => NEVER_ANYWHERE.has(word)) && !OPENS_A_KEY.test(key)) return "never";
  if (isDrawn(key) || OPEN_NAME.test(key) || SESSION_SECRET.test(key) || FILE_NAME.test(key)) return "never";
  if (NEVER_FIRST.has(first) && words.length > 1 && !(SERVICE_FIRST.has(first) && CREDENTIAL.test(key))) return "never";
  const own = splitWords(key.slice(key.lastIndexOf(".") + 1));
  if (FUNCTION_FIRST.has(own[0]?.text ?? "") && own.length > 1) return "never";
  return WEAK_FIRST.has(first) && words.length > 1 ? "weak" : "secret";
}

/** Ends of names that also say in what the secrets are: `token_list`, `credentialsFile`. */
const HOLDS_THEM: ReadonlySet<string> = new Set(
  (
    "list array dict set tree map data table store manager provider source service file files dir directory param params parameter parameters option options flag flags arg args field fields " +
    "header headers bindings binding history result results points cache form input page view model schema env line lines node nodes rule rules"
  ).split(" "),
);

/** Lists of what nobody may choose. */
const NOBODYS: ReadonlySet<string> = new Set("forbidden banned blacklisted disallowed weak breached".split(" "));

/** Whether a name in front of a block says that what is in it is something else than secrets: `credentialScope: {`, `secret_types = [`, `NextTokenRequest: {`. */
export function namesOtherBlock(name: string): boolean {
  const words = splitWords(name);
  const last = words.at(-1)?.text ?? "";
  if (words.some(({ text }) => NOBODYS.has(text))) return true;
  return words.length > 1 && NEVER_LAST.has(last) && !HOLDS_THEM.has(last);
}
