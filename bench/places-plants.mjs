/**
 * Lines to plant into real code: values that are secrets, as people and services make them, and values that only stand where a secret could.
 * Everything is drawn from a seed; nothing here was ever in use.
 */
import { generateKeyPairSync } from "node:crypto";

/** A small generator (mulberry32), so that one seed gives one set of plants. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  const pick = (list) => list[below(list.length)];
  const text = (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
  return { next, below, pick, text };
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const ALNUM = LOWER + LOWER.toUpperCase() + DIGITS;
const HEX = "0123456789abcdef";
const split = (text) => text.trim().split(/\s+/);

const nouns = split(`
winter summer tiger falcon london berlin paris chelsea arsenal liverpool barcelona jordan michael jessica ashley daniel anna maria lucas thomas purple orange silver
golden banana cookie pepper ginger coffee whisky guitar soccer hockey baseball cowboy ranger phoenix eagle panther shadow thunder lightning storm river ocean
mountain forest garden castle rocket galaxy saturn jupiter pluto apollo matrix wizard merlin gandalf batman superman spider ninja samurai pirate viking spartan
sparky buddy max charlie rocky lucky smokey bailey molly daisy sunny cherry apple mango peach lemon pickle noodle waffle donut pizza burger taco chicken`);
const leet = (text) => text.replace(/[aeios]/g, (sign) => ({ a: "@", e: "3", i: "1", o: "0", s: "5" })[sign] ?? sign);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Passwords as people choose them, six to some twenty characters. */
export function humanPassword({ pick, below, text }) {
  const word = pick(nouns);
  const other = pick(nouns);
  const year = String(1960 + below(66));
  return pick([
    () => `${capital(word)}${year}${pick(["!", "!!", "#", "$", "*", "", "?", "@"])}`,
    () => `${word}${text(DIGITS, 2 + below(3))}`.padEnd(8, "7"),
    () => `${capital(word)}${capital(other)}${text(DIGITS, 2)}`,
    () => `${leet(word)}${pick(["!", "#", "_", "", "@"])}${text(DIGITS, 2 + below(2))}`.padEnd(7, "9"),
    () => `${word}-${other}-${text(DIGITS, 3)}`,
    () => `${word}@${text(DIGITS, 3 + below(2))}`,
    () => `${word}_${other}${pick(["!", "!1", "#1", "42"])}`,
    () => `${capital(word)}#${text(DIGITS, 2 + below(3))}`,
    () => `${text(ALNUM, 8 + below(7))}`,
    () => `${text(ALNUM, 5)}${pick("!@#%^&*")}${text(ALNUM, 4 + below(6))}`,
    () => `i${pick(["love", "hate", "miss"])}${word}${text(DIGITS, 2)}`,
    () => `${pick(["Adm1n", "R00t", "Us3r", "D3v", "Pr0d"])}${pick(["!", "@", "#"])}${word}${text(DIGITS, 2)}`,
  ])();
}

/** Keys as services draw them. */
function serviceKey({ pick, below, text }) {
  return pick([
    () => text(HEX, pick([16, 20, 24, 32, 32, 32, 40, 40, 48, 64, 64])),
    () => text(ALNUM, 16 + below(40)),
    () =>
      Buffer.from(text(ALNUM, 64), "latin1")
        .map((byte, at) => (byte * 7 + at * below(251)) & 255)
        .subarray(0, pick([16, 24, 32, 32, 48, 64]))
        .toString("base64"),
    () => text(`${ALNUM}-_`, 22 + below(40)),
    () => text(LOWER + DIGITS, 20 + below(16)),
    () => text(LOWER.toUpperCase() + DIGITS, 20 + below(12)),
    () => `${pick(["svc", "app", "live", "prod", "k1"])}_${text(ALNUM, 24 + below(10))}`,
    () => `${text(HEX, 8)}-${text(HEX, 4)}-4${text(HEX, 3)}-${pick("89ab")}${text(HEX, 3)}-${text(HEX, 12)}`,
  ])();
}

const passwordNames =
  split(`password password db_password dbPassword passwd pwd adminPassword admin_password userPwd smtp_pass smtpPassword redis_password rootPassword
pass passphrase keystorePassword ldap_bind_password mysql_password postgres_password ftpPassword proxy_password mail.password database.password`);
const keyNames =
  split(`api_key apiKey apikey secret client_secret clientSecret token access_token accessToken auth_token authToken auth secret_key secretKey encryption_key
private_key signing_key jwt_secret webhook_secret app_secret consumer_secret api_secret session_secret master_key access_key bot_token refresh_token`);

const cases = {
  // Names in capitals for constants and environments.
  upper: (name) =>
    name
      .replace(/([a-z])([A-Z])/g, "$1_$2")
      .replace(/[.-]/g, "_")
      .toUpperCase(),
  plain: (name) => name.replace(/[.-]/g, "_"),
  camel: (name) => name.replace(/[._-]([a-z])/g, (_all, letter) => letter.toUpperCase()),
  pascal: (name) => capital(cases.camel(name)),
};

/** How a name and a value stand in a file: `N` upper, `n` plain, `c` camel, `P` Pascal, `r` as it is, `V` the value. */
const forms = {
  ".py": [
    'n = "V"',
    "N = 'V'",
    '    "n": "V",',
    'client = Client(n="V")',
    'os.environ["N"] = "V"',
    'n = os.environ.get("N", "V")',
    'def connect(host, n="V"):',
    "settings.N = 'V'",
    'self.n = "V"',
    "# n: V",
  ],
  ".rb": ["n: 'V',", ':n => "V",', "config.n = 'V'", "ENV['N'] = 'V'", 'N = "V"', "ENV.fetch('N', 'V')"],
  ".php": ["'n' => 'V',", '$c = "V";', "define('N', 'V');", "'n' => env('N', 'V'),", '$this->c = "V";'],
  ".js": [
    'const c = "V";',
    "  c: 'V',",
    "const c = process.env.N || 'V';",
    "process.env.N = 'V';",
    "  'n': 'V',",
    "this.c = `V`;",
  ],
  ".ts": ['const c: string = "V";', "  c: 'V',", "const c = process.env.N ?? 'V';", "private readonly c = 'V';"],
  ".go": ['c := "V"', '\tP: "V",', 'const P = "V"', 'os.Setenv("N", "V")', '"n": "V",'],
  ".java": [
    'private static final String N = "V";',
    'props.setProperty("r", "V");',
    '.c("V")',
    'String c = "V";',
    'setP("V");',
  ],
  ".kt": ['val c = "V"', 'const val N = "V"', 'c = "V",'],
  ".cs": ['public string P { get; set; } = "V";', 'var c = "V";', 'private const string P = "V";', 'P = "V",'],
  ".rs": ['let n = "V";', '.n("V")', 'const N: &str = "V";', 'n: "V".to_string(),'],
  ".swift": ['let c = "V"', 'c: "V",'],
  ".c": ['static const char *n = "V";', '#define N "V"'],
  ".h": ['#define N "V"'],
  ".yml": ["n: V", 'n: "V"', "  N: V", "      - N=V", "c: 'V'", "  r: V"],
  ".yaml": ["n: V", '  n: "V"', "            - name: N\n              value: V", "  c: V"],
  ".properties": ["r=V", "app.r = V", "spring.r=V"],
  ".json": ['  "c": "V",', '  "n": "V",', '  "N": "V",', '  "r":"V",'],
  ".xml": ["<c>V</c>", '<property name="c" value="V"/>', '<add key="P" value="V" />', '<entry key="r">V</entry>'],
  ".md": ["    export N=V", "    n: V", '`n = "V"`', '    "c": "V"', "N=V"],
  ".sh": ["export N=V", "N='V'", 'N="V"', "N=V", 'n="${N:-V}"'],
  ".env": ["N=V", 'N="V"'],
  ".toml": ['n = "V"', "n = 'V'"],
  ".ini": ["n = V", "n=V", "n: V"],
  ".conf": ["n V", "n = V", 'n "V"'],
  dockerfile: ["ENV N=V", "ENV N V", "ARG N=V"],
  ".tf": ['n = "V"', '  default = "V" # n'],
  ".sql": ["CREATE USER app WITH PASSWORD 'V';", "ALTER USER 'app'@'%' IDENTIFIED BY 'V';"],
};

/** Lines that bring their own names. */
const wholeLines = (random) => {
  const { pick, text, below } = random;
  const host = `${pick(["db", "mq", "cache", "git", "reports"])}-${below(9)}.${pick(["prod", "corp", "int"])}.${pick(["initech-net.io", "hooli-infra.com", "umbra-systems.net"])}`;
  const user = pick(["app", "svc", "admin", "deploy", "reporting"]);
  const chosen = humanPassword(random).replace(/[@#/?%&]/g, "x");
  const key = text(ALNUM, 24 + below(16));
  return pick([
    [`postgres://${user}:${chosen}@${host}:5432/orders`, chosen],
    [`mysql://${user}:${chosen}@${host}/shop?ssl=true`, chosen],
    [`mongodb+srv://${user}:${chosen}@${host}/app?retryWrites=true`, chosen],
    [`redis://:${key}@${host}:6379/0`, key],
    [`amqp://${user}:${chosen}@${host}:5672/jobs`, chosen],
    [`https://${user}:${chosen}@${host}/team/app.git`, chosen],
    [`Server=${host};Database=crm;User Id=${user};Password=${chosen};`, chosen],
    [`jdbc:mysql://${host}:3306/app?user=${user}&password=${chosen}`, chosen],
    [`curl -u ${user}:${chosen} https://${host}/api/v1/items`, chosen],
    [`curl -H "Authorization: Bearer ${key}" https://${host}/v2`, key],
    [
      `Authorization: Basic ${Buffer.from(`${user}:${chosen}`).toString("base64")}`,
      Buffer.from(`${user}:${chosen}`).toString("base64"),
    ],
    [`X-Api-Key: ${key}`, key],
    [`mysql -h ${host} -u ${user} --password=${chosen} shop`, chosen],
    [`PGPASSWORD=${chosen} psql -h ${host} -U ${user}`, chosen],
    [`sshpass -p '${chosen}' ssh ${user}@${host}`, chosen],
    [`docker login -u ${user} -p ${chosen} registry.${host}`, chosen],
  ]);
};

/** @param templates of rules of kind token: `{ id, text, secret }`, filled */
export function drawPositive(random, extension, tokens) {
  const { pick, next } = random;
  const chance = next();
  const form = forms[extension];
  if (chance < 0.04) {
    const { privateKey } = generateKeyPairSync(pick(["ec", "ed25519"]), { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).trim();
    return { kind: "private key", line: pem, secret: pem };
  }
  if (chance < 0.18) {
    const [line, secret] = wholeLines(random);
    const quoted = form?.some((each) => each.includes('"V"')) === true && !line.includes('"');
    return {
      kind: "connection",
      line: quoted
        ? pick(form.filter((each) => each.includes('"V"')))
            .replace(/\b[NncrP]\b/, "url")
            .replace("V", () => line)
        : line,
      secret,
    };
  }
  if (chance < 0.3 && tokens.length > 0) {
    const token = pick(tokens);
    return { kind: "provider", line: named(random, pick(form), keyNames, token), secret: token };
  }
  if (chance < 0.65) {
    const secret = humanPassword(random);
    return { kind: "password", line: named(random, pick(form), passwordNames, secret), secret };
  }
  const secret = serviceKey(random);
  return { kind: "key", line: named(random, pick(form), keyNames, secret), secret };
}

function named({ pick }, form, names, value) {
  const name = pick(names);
  const written = { N: cases.upper(name), n: cases.plain(name), c: cases.camel(name), P: cases.pascal(name), r: name };
  return form.replace(/\b[NncPrV]\b|(?<=set)P\b/g, (sign) => (sign === "V" ? value : written[sign]));
}

/** Values that are no secrets, where one could stand. */
export function drawNegative(random, extension) {
  const { pick, text, below } = random;
  const form = pick(forms[extension]);
  const noun = pick(nouns);
  const name = pick([...passwordNames, ...keyNames]);
  const [value, names] = pick([
    [
      pick(
        split(
          "password changeme secret test admin example xxxxxxxx ******** null none undefined todo placeholder dummy testing 12345678 123456 password123 qwerty foobar",
        ),
      ),
      [...passwordNames, ...keyNames],
    ],
    [
      pick([
        `<your ${noun} key>`,
        "<password>",
        "YOUR_API_KEY",
        "your-token-here",
        "REPLACE_ME",
        "insert_key_here",
        `my-${noun}-secret`,
        `your_${noun}_password`,
        "[REDACTED]",
        "xxxx-xxxx-xxxx",
      ]),
      [...passwordNames, ...keyNames],
    ],
    [
      pick([
        "${DB_PASSWORD}",
        "$SECRET",
        "{{ vault_password }}",
        "%ENV_TOKEN%",
        "#{token}",
        "${{ secrets.TOKEN }}",
        "<%= ENV['KEY'] %>",
        "@password@",
        "$(cat /run/secrets/key)",
      ]),
      [...passwordNames, ...keyNames],
    ],
    [
      text(HEX, pick([32, 40, 64])),
      split("sha256 md5 checksum commit_hash etag fingerprint key_id token_id password_hash public_key cache_key"),
    ],
    [
      `${text(HEX, 8)}-${text(HEX, 4)}-4${text(HEX, 3)}-a${text(HEX, 3)}-${text(HEX, 12)}`,
      split("id user_id request_id client_id tenant_id key_id token_id session_id"),
    ],
    [
      `/etc/${noun}/${pick(["server.key", "password.txt", "tls.pem", "token"])}`,
      split("key_file private_key_path password_file token_path secret_file"),
    ],
    [
      `com.${noun}.security.${capital(pick(nouns))}TokenProvider`,
      split("token_provider auth_class password_encoder secret_manager"),
    ],
    [
      pick([
        "Passwort",
        "Mot de passe",
        "Contraseña",
        "Wachtwoord",
        "Kennwort",
        "Hasło",
        "Forgot_your_password?",
        "Enter_password",
        "Parola",
        "Senha",
      ]),
      passwordNames,
    ],
    [`${noun}_${pick(["token", "key", "password", "secret"])}_${pick(["name", "field", "label", "ref"])}`, [name]],
    [`https://${noun}.example.org/oauth/token`, split("token_url auth_url token_endpoint")],
    [
      pick(["integer", "string", "SecretString", "Optional[str]", "varchar(255)", "boolean"]),
      [...passwordNames, ...keyNames],
    ],
    [`sha512-${Buffer.from(text(ALNUM, 64)).toString("base64")}`, split("integrity checksum")],
    [`data:image/png;base64,iVBORw0KGgo${text(ALNUM, 60)}`, split("icon token_image key_icon")],
    [`${noun}${capital(pick(nouns))}${pick(["Key", "Token", "Secret"])}`, keyNames],
    [String(10 ** 9 + below(10 ** 9)), split("token_expiry access_token_ttl key_created password_changed_at")],
    [
      `${noun}-${pick(["secret", "token", "credentials", "tls"])}`,
      split("secretName secret_name existingSecret tokenSecretRef credentialsId"),
    ],
  ]);
  return { kind: "negative", line: named(random, form, names, value), secret: value };
}

/** Kinds of file that can be planted into. */
export const plantable = new Set(Object.keys(forms));
