import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/detect/judge/index.ts";
import type { Rule } from "../../../src/model/rule.ts";
import { hasProgram } from "../../require-program.ts";
import { candidate, drawer } from "./candidates.ts";

const draw = drawer(7);
const isReported = (line: string, fields: Partial<Rule>): boolean =>
  judge(candidate(line, fields), { honourInlineAllow: true }).suppressed === undefined;

const account: Partial<Rule> = { kind: "context", tags: ["password", "account"] };
const password: Partial<Rule> = { tags: ["password"] };
const context: Partial<Rule> = { kind: "context" };
const drawn: Partial<Rule> = { kind: "context", tags: ["drawn"] };

describe("words beside an account", () => {
  it("are believed where nothing follows", () => {
    expect(isReported("‹set password «marigold»", account)).toBe(true);
    expect(isReported("    'admin ‹password' => '«marigold»',", password)).toBe(true);
  });

  it("are believed as a setting, and as numbers where a wireless network is meant", () => {
    expect(isReported("store‹Password=«gartenzaun»\n", password)).toBe(true);
    expect(isReported("store‹Password=«gartenzaun», 3)\n", password)).toBe(false);
    expect(isReported('#define WIFI_‹PASS "«4815162342»"', password)).toBe(true);
    expect(isReported('#define ‹PASS "«4815162342»"', password)).toBe(false);
  });

  it.each([
    ["the middle of a sentence", "// ‹Set password «against» the spreadsheet file", account],
    ["the end of a sentence", "‹Use `htpasswd -nB NAME` to «generate.» ", account],
    ["a name of a kind", "  ‹user: password\nserviceType: «ClusterIP»", account],
    ["a message and its key", "    'This is a very common ‹password' => '«common»',", password],
    ["the name of a constant", '"‹forgotPassword":"«CONTROL_FORGOT_PASSWORD_API_V2_OFF»"', password],
    ["the name of a function", "‹generateKey($password, '«Argon2id»', 8192)", password],
  ])("are none in %s", (_name, line, fields) => {
    expect(isReported(line, fields)).toBe(false);
  });
});

describe("shapes near a telling word", () => {
  it("are cut out of a line of wrapped base64 where they touch its other letters", () => {
    const value = draw("base62", 31);
    expect(isReported(`‹wpe «${value}»\n`, context)).toBe(true);
    expect(isReported(` o/yw4Z${draw("base62", 5)}‹wPe+«${value}»`, context)).toBe(true);
    expect(isReported(`https://host.net/o/yw4Z/${draw("base62", 16)}/‹wpe/«${value}»`, context)).toBe(true);
    expect(isReported(` o/yw4Z${draw("base62", 19)}‹wPe+«${value}»`, context)).toBe(false);
  });

  it.skipIf(!hasProgram("openssl"))("are none where md5crypt made them of no password", () => {
    const reported = ["-1", "-apr1"].flatMap((kind) =>
      ["", "marigold"].map((password) => {
        const hash = execFileSync("openssl", ["passwd", kind, "-salt", "xE3.", password], { encoding: "utf8" }).trim();
        return isReported(`‹root:«${hash}»:18000`, { kind: "token", tags: ["hash"] });
      }),
    );
    expect(reported).toEqual([false, true, false, true]);
  });

  it("are none in a line of uuencode", () => {
    const line = (first: string): string =>
      `${first}5Y.S >F9V@W1 ‹PASS="«${draw("base62", 14).toUpperCase()}»" `.padEnd(64, "#");
    expect(isReported(line("L"), { tags: ["password"] })).toBe(true);
    expect(isReported(line("M"), { tags: ["password"] })).toBe(false);
    expect(isReported(line("M").toLowerCase(), { tags: ["password"] })).toBe(true);
  });

  it("are believed behind the number of their version, whatever their letters", () => {
    const values = Array.from({ length: 400 }, () => `1/${draw("hex", 40)}`);
    expect(values.filter((value) => !isReported(`‹transifex_token: "«${value}»"`, context))).toEqual([]);
  });

  it("are fingerprints where the match says so", () => {
    const value = draw("hex", 40).toUpperCase();
    expect(isReported(`- ‹name: BILLING_KEY\n  value: «${value}»\n`, context)).toBe(true);
    expect(isReported(`- ‹name: GPG_KEY\n  value: «${value}»\n`, context)).toBe(false);
  });
});

it("believes a UUID behind the text of a token", () => {
  expect(isReported('‹tokenString = "«0f8fad5b-d9cb-469f-a165-70867728950e»"', {})).toBe(true);
  expect(isReported('‹tokenSetting = "«0f8fad5b-d9cb-469f-a165-70867728950e»"', {})).toBe(false);
});

describe("what histories of real repositories hold beside a telling name", () => {
  const upper = (text: string): string => text.toUpperCase();
  const groups = Array.from({ length: 16 }, () => upper(draw("hex", 4))).join(":");

  it.each([
    ["a file with two endings", `return new ‹AgentFile(this, "«jenkins-agent.jnlp.jelly»"`, drawn],
    ["a decentralized identifier", `‹deployKey = "did:key:«z6Mk${draw("base62", 44).replace(/[0OIl]/g, "x")}»"`, {}],
    ["a public key of minisign", `‹minisign_key = "«RWQ${draw("base62", 53)}»"`, {}],
    [
      "a public key of SSH",
      `‹sshecdsakey: "«AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB${draw("base62", 60)}»"`,
      {},
    ],
    ["an address of IPv6", `‹Token = "«::521a:c5ff:fefe:65d9»";`, {}],
    ["a fingerprint by four digits", `#  ‹provider_key = "«${groups}»";`, {}],
    ["a class of a page", `{‹pass:"«navbar--pass---2oR-w»",fail:`, password],
    ["a type behind parameters", `authenticate(string $‹password): «U2fWebAuthnRequestInterface»\n`, password],
    ["a variable of Symfony", `‹password = "«%env(KIMAI_LDAP_PASSWORD)%»";`, password],
    ["text made of variables", `‹first_pass_vars = "«$new_list_id|$reset_dialed|$status»"`, password],
    ["code between two quotes", `"&VD_login="+u+"&VD_‹pass="«+VWD_pwd+»"&VD_campaign="`, account],
    ["the owner of a file", `sops.secrets.ldapsync-‹password.owner = "«openldap»";`, password],
    ["words, joined as names are", `<see selector="x" ‹stepKey="«seeAnchorInWysiwyg»"/>`, {}],
    ["the id of a key of GnuPG", `‹signingkey = «${upper(draw("hex", 16))}»\n`, {}],
    [
      "the id of an entry in a store",
      `‹password=BitwardenPassword("«d1677bc8-1d2d-47c8-86ed-52132498e9c1»"),`,
      password,
    ],
    ["the same on a command line", "bw get ‹password «aceb6d01-5bb5-4ff9-b40d-2cd8bee51417» | ssh", {}],
    [
      "an identifier in the next element",
      '‹password_hint">Password</string>\n<string name="build_id">«17a74883-67ac-4272-ad25-7c6e5c90abc7»</string>',
      password,
    ],
    ["the number of a request", `"‹postman-token":"«21d51623-eb5c-40f9-bd48-2d6f8b8c1db2»"`, {}],
    ["the digest of a file", `"manifests/server/‹passwd.pp": "«${draw("hex", 32)}»",`, password],
    ["a translation of the word", "$s_email = 'T'; ‹$s_password = '«Lykilorð»';", account],
    ["a publishable key", `‹STRIPE_KEY=«pk_live_51${draw("base62", 97)}»\n`, {}],
  ])("is %s", (_name, line, fields) => {
    expect(isReported(line, fields)).toBe(false);
  });

  it("are keys and passwords all the same", () => {
    expect(isReported(`‹signingkey = «${draw("hex", 32)}»\n`, {})).toBe(true);
    expect(isReported(`‹stepToken="«${draw("base62", 20)}»"`, {})).toBe(true);
    expect(isReported(`‹password = "«Nasheow8Eag»"`, password)).toBe(true);
    expect(isReported(`‹primary_access_key": "«${draw("base62", 86)}==»"`, {})).toBe(true);
  });
});

describe("tokens of one length", () => {
  it.each([
    ["AIza", 35, "base62"],
    ["ghp_", 36, "base62"],
    ["npm_", 36, "base62"],
    ["dop_v1_", 64, "hex"],
    ["7101234567:AA", 33, "base62"],
  ] as const)("%s are told by no rule on names where they are shorter", (prefix, length, alphabet) => {
    const short = `${prefix}${draw(alphabet, length - 2)}`;
    const later = `${prefix}${draw(alphabet, length + 12)}`;
    expect(isReported(`‹SERVICE_TOKEN=«${short}»\n`, {})).toBe(false);
    expect(isReported(`‹SERVICE_TOKEN=«${later}»\n`, {})).toBe(true);
  });
});

describe("what else whole histories hold", () => {
  it.each([
    ["the name of an entry", `$_MODULE['<{news}‹prestashop>«news_${draw("hex", 32)}»'] = 'Noticias';`, {}],
    ["letters of quoted-printable text", "=E5=B0=B1 ‹token =«E4=BA=86=E3=80=82»</p>", {}],
    ["a key of a cache behind a path", `‹block_view_fragment_key: «views10/v8/blob:v21:${draw("hex", 32)}»`, {}],
    ["a colour in a prompt", "local ‹pwd='«%{$fg[blue]%}%~%{$reset_color%}»'", password],
    ["a variable of PHP in its text", "<input name='‹db_pass' value='«{$this->request[»'db_pass']}'>", password],
    ["code between two quotes", 'Error("… that includes ‹credentials: "«+A);a=Bs({urlList:[Q]}),r=»"cors"', {}],
    ["masked letter by letter", '‹password = "«P*s*w*r*»"', password],
    ["a cipher of passwords", '‹password = "«pbeWithSHAAnd128BitRC2_CBC»"', password],
    ["a program that makes digests", "‹password: «sha256sum»\n", password],
    [
      "a fingerprint in git's settings",
      `‹signing = {\n      key = "«${draw("hex", 40).toUpperCase()}»";`,
      { kind: "context" },
    ],
    ["a parameter of SQL", "‹password = '«@new_password»'", password],
    ["a package in a log", 'archives/partial/‹passwd_1:«4.13+dfsg1-1+deb12u2_amd64.deb»" [1]', password],
    ["the rest of a sentence", "### ‹Set password «stores» used by Subversion.", account],
  ] as const)("is %s", (_name, line, fields) => {
    expect(isReported(line, fields)).toBe(false);
  });

  it.each([
    ["begins with @", "Scripts.‹Password := '«@Paris1990tas»';", password],
    ["ends with a sign", '<stringProp name="‹password">«test_rw_dkKMD2@»</stringProp>', password],
    ["has digits for letters", "‹password = '«k4ffee_jasper93»'", password],
    ["stands behind its name and a comma", '{name: ‹MYSQL_ROOT_PASSWORD, value: "«Turtle$2000»"}', password],
    ["is set as Capistrano's settings are", 'set :‹scm_passphrase, "«10a06f9c»"', password],
    ["signs sessions, and was made for a policy", 'string ‹secretKey = "«Zephyr@2004»";', {}],
    ["is the key of an application", '‹stackoverflow.app.key = "«CfLwGR2*1kg81XEVLVJXKw((»"', {}],
  ] as const)("is a password that %s", (_name, line, fields) => {
    expect(isReported(line, fields)).toBe(true);
  });
});
