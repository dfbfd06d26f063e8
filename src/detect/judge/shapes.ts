/** Literals of numbers, as many languages write them: 0x1f_00, 0b1010, 1_000, 1.5e-3, 0x1.8p3, with suffixes, and with types behind them as in Rust. */
const NUMBER = String.raw`^[+-]?(?:0[xX][0-9a-fA-F_]{0,16}(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]+)?|0[bBoO][0-7_]+|[0-9_]*\.?[0-9_]+(?:[eE][+-]?[0-9_]+)?)(?:[uUlLfFdDnij_]{0,3}(?:[+-]\d+i)?|_?[iuf](?:8|16|32|64|128|256|512|size))$`;

/** Ranges of versions: ^8.0.0-rc.1, >=1.2 <2, ~> 2.1, ^1.0.0 || ^2.0.0. */
const VERSION = String.raw`v?\d{1,6}(?:\.(?:\d{1,6}|[xX*])){0,3}(?:[-+][\w.]{1,30})?`;
const RANGE = String.raw`^(?:[~^]|[<>=]=?|~>) ?${VERSION}(?:(?: ?\|\| ?| ?, ?| )[<>=~^]{0,2} ?${VERSION}){0,9}$`;

/** Texts that have a meaning of their own and hold no secret by themselves. */
const MEANING = new RegExp(
  [
    String.raw`^[a-zA-Z][a-zA-Z0-9+.-]{1,20}://`, // URLs: credentials in them have a rule of their own
    String.raw`^(?:mailto|data|urn|javascript|tel|about|blob|file):`,
    String.raw`\.(?:[cm]?[jt]sx?|py|rb|go|java|php|cs|rs|kt|swift|json|ya?ml|toml|ini|conf|cfg|env|xml|html?|css|md|txt|log|csv|sh|bat|exe|dll|so|pem|crt|cer|key|pub|p12|pfx|jks|ppk|asc|gpg|png|jpe?g|gif|svg|ico|pdf|zip|t?gz|tar|sql|db|lock|properties|gradle|u?deb|rpm|apk|whl|tmpl|tpl|erb)$`,
    String.raw`^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$`, // addresses
    String.raw`^-?(?:anonymous|ftp|guest|nobody|user|username|me|you|name|email)@\w*$`, // what one gives as a password where none is needed
    String.raw`^@[a-z\d][\w.-]*/[\w.*-]+$`, // packages with their scope
    String.raw`^(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|local|internal|cloud|app|co|eu|de|svc)(?::\d+)?(?:/.*)?$`,
    String.raw`^v?\d+(?:\.\d+){1,3}(?:[-+~][\w.]+)?$|^\d{4}-\d\d(?:-\d\d)?|^\d{1,2}[:/]\d\d`, // versions, dates
    String.raw`^(?:npm|workspace|patch|portal|link|catalog|jsr):[@\w^~*<>=%./#|+: -]*$`, // where packages of a lock file come from
    RANGE,
    String.raw`^(?:\^|\(\?[:=!<])?\[[^\s\]]{0,80}?(?:%s|[a-zA-Z0-9]-[a-zA-Z0-9]|\\[xwsdux]).*\](?:[+*?]|\{\d)`, // regular expressions that begin with a class
    String.raw`^\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?$|^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){3,}$`,
    String.raw`\\[wdsbWDSB]|\[\^|\[[A-Za-z0-9]-[A-Za-z0-9]|\(\?[:=!<P]|\{\d+,\d*\}|\.[*+]|\^\[`, // regular expressions
    String.raw`%(?:\d\$)?[sdvqx](?![0-9A-Za-z])|%\(\w+\)|%[YmdHMSyBbjp][-/:T. ]?%|\{\d*\}|\{[A-Za-z_][\w.]*\}`, // format strings
    String.raw`</|/>|&[a-z]{2,6};|&#(?:\d+|x[0-9a-fA-F]+);|^<[a-z!?]|(?:\\[ux][0-9a-fA-F]{2,4}.*){2}|\\n|\\t|\\0(?![0-9])|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\(?:033|e|E)\[|\\\[[a-z]{2}\]`, // markup, escapes
    String.raw`^(?:application|text|image|audio|video|multipart|font)/`,
    String.raw`^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2|sk-ssh|age1|npub1|[xyztuvYZUV]pub[1-9A-HJ-NP-Za-km-z]{50}|AAAA[BCE]3NzaC1|MII[BCDEFGH]I?jAN|MFkwEwYHKoZIzj0CAQ|M[FH]YwEAYHKoZIzj0CAQ|MCowBQYDK2V)|^B[A-P][A-Za-z0-9_-]{85}$`, // public keys; the last one a point of P-256, as browsers take it for messages
    NUMBER,
    String.raw`^0x[0-9a-fA-F]{8}(?:_[0-9a-fA-F]{4}){3}_[0-9a-fA-F]{12}$`, // UUIDs as numbers, in Rust
    String.raw`^0x[0-9a-fA-F]{40}$|^[),;\]}]|^/\*|^\+\w+\(`, // addresses of chains; what is left of an expression between two quotes
    String.raw`^\w+\(\d+\)$|^[A-Z]\w*[[<]\w+[\]>]$`, // types: varchar(255), Optional[str]
    String.raw`^(?:[aA][eE][sS]|[rR][cC][245]|3?(?:des|DES)|camellia|CAMELLIA|aria|ARIA|chacha|ChaCha)-?\d{2,3}(?:-[a-zA-Z\d]+){0,3}$`, // ciphers
    String.raw`^(?:secp|sect|prime|brainpoolP|nistp)\d{3}\w{0,6}$`, // curves
    String.raw`^ATT[a-z]\d{3,9}$`, // columns of Active Directory's database
    String.raw`["'],["']|["']:["']|[\r\n]`, // joints of lists and records
    String.raw`""|''|^(?:%[0-9A-Fa-f]{2}|[^%]){0,2}(?:%[0-9A-Fa-f]{2}[^%]?){3,}$|(?:%[01][0-9A-Fa-f].*){2}`, // quotes in quotes: code; little but escapes; escapes of what nobody types
    String.raw`^(?:bytes|varint|fixed32|fixed64),\d+,(?:opt|rep|req),`, // tags of Protocol Buffers in Go
    String.raw`^\d{2,5}/[a-z][\w/-]*$`, // a port and a path, behind `-a user:password :`
    String.raw`^["']?\.(?:\$\w|[\w$>:-]{0,40}\()`, // code between two quotes: "host='".q($host)."'"
    String.raw`^\w+(?::[\w,.]+)?(?:\|\w+(?::[\w,.]+)?)*\|(?:required|nullable|confirmed|string|min:\d+|max:\d+)(?:\||$)|^(?:required|nullable|sometimes)\|\w+[:|]`, // rules of a form: required|min:8|confirmed
    String.raw`^[a-z]+#(?:[a-z]+|[A-Z][a-z]+)(?:[A-Z][a-z]+)+$`, // kinds of Google's answers: identitytoolkit#VerifyPasswordResponse
    String.raw`^[A-Za-z][A-Za-z_]*-v?\d+\.\d+\.\d+(?:[-.+][\w.-]*)?$`, // a package and its version
    String.raw`^crwdns\d+:\d+crwdne\d+:\d+$|^(?:i18n|l10n|intl):[\w.-]+$`, // texts of a translation: Crowdin's marks for each, their keys
    String.raw`^[a-z]+(?:-[a-z]+)+\.[a-z]{2,6}\.[a-z]{2,6}$`, // files with two endings: slave-agent.jnlp.jelly
    String.raw`^(?:\d{1,5}(?:h|m|s|ms)){2,4}$`, // durations of Go: 120h0m0s
    String.raw`^(?:\\u\{[0-9A-Fa-f]{1,6}\})+$`, // letters by their number
    String.raw`^[a-z_][\w/]*:v\d+:[0-9a-f]{32,64}$`, // keys of a cache: contributors:v21:0f3a…
    String.raw`^[0-9A-F]{2}(?:=[0-9A-F]{2})+(?:=|$)`, // letters of quoted-printable text
    String.raw`^\+\w+\)[;,]`, // code between two quotes: "credentials: "+A);a=f("…
    String.raw`^[pP][bB][eE][wW]ith[A-Z]\w*(?:And|AND)\w+$`, // ciphers of passwords: pbeWithSHAAnd128BitRC4
    String.raw`^["'][^"']*["'],$|^["']\d{1,4}(?:px|r?em|%)["']$`, // a literal of a list of words that a page is searched for
    String.raw`^pk\.eyJ|^pk_(?:live|test)_(?:51[0-9A-Za-z]{14,}|[0-9A-Za-z]{24})$`, // public tokens of Mapbox, publishable keys of Stripe
    String.raw`^did:[a-z0-9]{2,12}:|^z6(?:Mk|LS)[1-9A-HJ-NP-Za-km-z]{44}$|^RW[QRST][0-9A-Za-z+/]{53}$|^AAAAE2VjZHNh|^AAAA(?:Gn|In)Nr`, // public keys: decentralized identifiers, minisign, SSH on curves
    String.raw`^(?=[\da-fA-F:]*::)[\da-fA-F]{0,4}(?::[\da-fA-F]{0,4}){2,7}(?:/\d{1,3})?$|^[\da-fA-F]{4}(?::[\da-fA-F]{4}){7,}$`, // IPv6, and fingerprints by four digits
    String.raw`^[A-Za-z][A-Za-z-]*(?:_|--)[a-z][A-Za-z-]*(?:__|---)[\w-]{5,8}$`, // classes of a page, with their hash: navbar--pass---2oR-w
    String.raw`^(?:ripemd|sha|blake2[bs]|keccak|skein)-?\d{3}$`, // digests
    String.raw`^[A-Z][A-Za-z0-9]*[a-z](?:Interface|Exception|Response|Request|Repository|Factory)$`, // types behind a list of parameters
    String.raw`^\+[A-Za-z_]\w*\+$|^[{/~#(]\^`, // code between two quotes: "&pass="+word+"&user="; what a regular expression begins with
    String.raw`\$\w+\[$`, // code between two quotes: '--password='.$settings['password']
    String.raw`^\*{1,3}$|^[-=_*+~. ]+$|^[\W_]+$`,
    String.raw`^-----BEGIN|^#!|^#[0-9A-Fa-f]{3,8}$|^0x[0-9A-Fa-f]{1,16}[uUlL]*$|^[Mm]-?[\d.]+[ ,]-?[\d.]`,
    String.raw`^(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|GRANT|DROP)\b`,
  ].join("|"),
);

/** What no source code or settings file holds, and binary files do: control characters, and bytes that are no UTF-8. */
// oxlint-disable-next-line no-control-regex
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]/;

/** Whether a text was cut out of binary data. */
export function isBinary(text: string): boolean {
  return BINARY.test(text);
}

/** Whether a value is a path, an address, a version, an expression, markup: not a random or chosen text. */
export function hasOtherMeaning(value: string): boolean {
  return MEANING.test(value);
}

const PATH = /^(?:\.{0,2}|~)\/[\w@.-]|^[A-Za-z]:[\\/]|^\\\\\w|^%\w+%\\|^[\w@.+-]+(?:\/[\w@.+-]+){2,}\/?$/;

/** Whether a value is built as a path. Random base64 can be so too: ask for its rarity as well. */
export function isPathShaped(value: string): boolean {
  return PATH.test(value);
}

export const UUID =
  /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-([0-9a-fA-F])[0-9a-fA-F]{3}-[0-9a-fA-F]{12}$/;

/** Random UUIDs (RFC 9562 version 4); all other versions are made of times and names. */
export function isRandomUuid(value: string): boolean {
  const parts = UUID.exec(value);
  return parts !== null && parts[1] === "4" && /[89abAB]/.test(parts[2] ?? "");
}

/** What stands right before a digest: the name of its algorithm, or of what it identifies. */
const DIGEST_LABEL =
  /(?:sha-?(?:1|224|256|384|512)|md5|blake[23]b?|h1|zh|crc32|r1|etag|W\/|integrity|checksum|digest|fingerprint|thumbprint|commit|revision|rev|narHash|vendorHash|outputHash|cargoHash|object|tree|parent|nonce|uuid|guid|trace_?id|request_?id|@sha256)["'`]?\s{0,3}(?:[:=-]|=>|\()\s{0,3}["'`]?$|image["']?\s{0,2}[:=]\s{0,2}["']?[\w.:/-]{3,120}:$/i;

/** So much before a value is looked at: the name of an image stands before its tag. */
const LONGEST_LABEL = 140;

/** Whether the text before a value calls it a digest or an identifier. @param before the text up to the value, any length */
export function isLabelledDigest(before: string): boolean {
  return DIGEST_LABEL.test(before.slice(-LONGEST_LABEL));
}

/** Lengths of the usual digests, in hex digits. */
const DIGEST_LENGTHS: ReadonlySet<number> = new Set([32, 40, 56, 64, 96, 128]);
/** So many others of its length stand beside a digest in a manifest. A record of credentials has two or three values of one length. */
const MIN_NEIGHBOURS = 3;

/** Whether a hex value stands in a line of values like it: `{"a.rs":"…","b.rs":"…"}`, a manifest of digests. */
export function isInManifest(value: string, line: string): boolean {
  if (!DIGEST_LENGTHS.has(value.length) || !/^[0-9a-f]+$/.test(value)) return false;
  let neighbours = 0;
  for (const [run] of line.matchAll(/[0-9a-f]{32,}/g)) if (run.length === value.length && run !== value) neighbours++;
  return neighbours >= MIN_NEIGHBOURS;
}

/** Values that carry the name of a digest in front (`sha256:…`, `sha512-…`). */
export function isDigest(value: string): boolean {
  return /^(?:sha(?:1|224|256|384|512)[:-]|md5[:-]|h1:|zh:|blake3:|git:|r1-|W\/)/.test(value);
}

/** Prose: several words with blanks. */
export function isProse(value: string): boolean {
  return /^[\p{L}'’,.!?:;()-]+(?:\s+[\p{L}\d'’,.!?:;()/&-]+)+$/u.test(value);
}
