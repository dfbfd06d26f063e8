/** A run of letters in a value. */
export interface Word {
  /** In lower case. */
  readonly text: string;
  /** Whether both sides are separators or ends of the value, not a digit and not a change of case. */
  readonly isBounded: boolean;
}

const PIECES = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[\u0080-\uffff]+/g;

/** Splits at everything that is no letter and where the case changes: `myApiKey_2` → my, api, key. */
export function splitWords(value: string): Word[] {
  const words: Word[] = [];
  for (const piece of value.matchAll(PIECES)) {
    const before = value[piece.index - 1] ?? " ";
    const after = value[piece.index + piece[0].length] ?? " ";
    words.push({ text: piece[0].toLowerCase(), isBounded: !/[0-9A-Za-z]/.test(before) && !/[0-9A-Za-z]/.test(after) });
  }
  return words;
}

/** Words that only an instruction to the reader or a sample has. One of them, standing alone, is enough. */
export const sampleWords: ReadonlySet<string> = new Set(
  (
    "your yours insert enter replace replaceme paste changeme changeit change example examples sample dummy fake mock placeholder redacted removed masked " +
    "scrubbed sanitized todo fixme here goes notreal lorem ipsum foobar whatever something bogus examplekey yourkey yoursecret yourtoken yourpassword mypassword mysecret " +
    "letmein hunter correcthorsebatterystaple nonexistent notasecret dein ihr votre tuclave " +
    "ваш пароль 请输入 あなたの"
  ).split(" "),
);

/** Words that names and samples are made of; they count by how much of the value they cover. */
export const plainWords: ReadonlySet<string> = new Set(
  (
    "my our put add set get use fill update provide this me tbd xxx test tests testing tested tester demo default defaults none null nil undefined empty blank secret secrets " +
    "password passwords passwd pass pwd passphrase passw token tokens key keys apikey api value values string text foo bar baz qux quux quuz abc def asdf qwerty confidential private " +
    "unknown not unset disabled enabled optional required some any anything random deadbeef cafebabe beef dead cafe feed user users username login admin administrator root guest client app application " +
    "service account auth authentication authorization access refresh bearer basic super very long strong secure safe new old local localhost dev develop development prod production " +
    "staging stage the is for with and that from into please valid invalid real good bad wrong correct hello world welcome name names database server host mysql postgres " +
    "postgresql mongo mongodb redis rabbit rabbitmq elastic oracle mssql sqlite jwt session cookie oauth webhook signing signature encryption encrypted public data encoded hash salt code hex base " +
    "first second third one two three four five six seven eight nine ten short small big large same other another actual expected plain clear " +
    "type field input param parameter header form config configuration setting settings environment variable var env const constant credential credentials creds cred " +
    "identifier number sha aes rsa hmac utf ascii json xml yaml http https url uri path file dir github gitlab aws azure gcp google slack stripe docker kube kubernetes " +
    "insecure acme contoso fabrikam trustno master letmein " +
    "passwort geheim kennwort hier senha chave clave contraseña contrasena wachtwoord haslo hasło motdepasse parola parole sifre lozinka heslo 密码 密钥 パスワード 비밀번호 암호"
  ).split(" "),
);

/** Leet spellings that stand for the commonest words. */
const LEET: ReadonlyMap<string, string> = new Map([
  ["@", "a"],
  ["4", "a"],
  ["3", "e"],
  ["1", "i"],
  ["!", "i"],
  ["0", "o"],
  ["$", "s"],
  ["5", "s"],
  ["7", "t"],
]);

/** The value with leet signs replaced by the letters they stand for, in lower case. */
export function unleet(value: string): string {
  return value.toLowerCase().replace(/[@431!0$57]/g, (sign) => LEET.get(sign) ?? sign);
}
