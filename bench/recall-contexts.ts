/**
 * How people write a value into files: `name` is what the service is called (`["acme", "cloud"]`), `role` what the value is (`["api", "key"]`).
 * Each gives the text around one value.
 */
export interface Naming {
  readonly name: readonly string[];
  readonly role: readonly string[];
}

type Context = (naming: Naming, value: string) => string;

const snake = (words: readonly string[]): string => words.join("_");
const upper = (words: readonly string[]): string => snake(words).toUpperCase();
const kebab = (words: readonly string[]): string => words.join("-");
const pascal = (words: readonly string[]): string =>
  words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
const camel = (words: readonly string[]): string => {
  const text = pascal(words);
  return text.slice(0, 1).toLowerCase() + text.slice(1);
};
const all = ({ name, role }: Naming): readonly string[] => [...name, ...role];
const title = (words: readonly string[]): string => words.map((word) => pascal([word])).join(" ");

const filler = "function t(e,n){return e&&n?e.map(function(r){return r*n}):[]}".repeat(80);

/** By the name that the table in docs/recall.md shows. */
export const contexts: Readonly<Record<string, Context>> = {
  "JavaScript constant": (n, v) => `import a from 'a';\nconst ${camel(all(n))} = '${v}';\nexport default a;\n`,
  "JavaScript object": (n, v) => `module.exports = { timeout: 30, ${camel(all(n))}: "${v}", retries: 2 };\n`,
  "JavaScript fallback": (n, v) => `const key = process.env.${upper(all(n))} || "${v}";\n`,
  "TypeScript, typed": (n, v) => `  private readonly ${camel(all(n))}: string = '${v}';\n`,
  "minified, one long line": (n, v) => `${filler},k={${camel(all(n))}:"${v}",b:!0},${filler}`,
  "Python constant": (n, v) => `import os\n${upper(all(n))} = "${v}"\n`,
  "Python default": (n, v) => `key = os.environ.get("${upper(all(n))}", "${v}")\n`,
  "Python keyword argument": (n, v) => `client = ${pascal(n.name)}(${snake(n.role)}="${v}", timeout=3)\n`,
  Go: (n, v) => `func main() {\n\t${camel(all(n))} := "${v}"\n}\n`,
  Java: (n, v) => `public class A {\n  private static final String ${upper(all(n))} = "${v}";\n}\n`,
  "C# property": (n, v) => `public string ${pascal(all(n))} { get; set; } = "${v}";\r\n`,
  "PHP array": (n, v) => `<?php\nreturn [\n    '${snake(all(n))}' => '${v}',\n];\n`,
  "PHP define": (n, v) => `<?php define('${upper(all(n))}', '${v}'); ?>\n`,
  Ruby: (n, v) => `Rails.configure do |config|\n  config.${snake(all(n))} = '${v}'\nend\n`,
  JSON: (n, v) => `{\n  "name": "app",\n  "${snake(all(n))}": "${v}",\n  "port": 80\n}\n`,
  "JSON, nested": (n, v) => `{"services": {"${snake(n.name)}": {"${camel(n.role)}": "${v}", "region": "eu"}}}`,
  "JSON inside a string": (n, v) => `body = "{\\"${camel(all(n))}\\": \\"${v}\\", \\"id\\": 4}"\n`,
  YAML: (n, v) => `app:\n  ${snake(all(n))}: ${v}\n  debug: false\n`,
  "YAML, nested": (n, v) => `services:\n  ${snake(n.name)}:\n    ${snake(n.role)}: ${v}\n`,
  "YAML, name and value": (n, v) => `env:\n  - name: ${upper(all(n))}\n    value: "${v}"\n`,
  "env file, CRLF": (n, v) => `PORT=80\r\n${upper(all(n))}=${v}\r\nDEBUG=1\r\n`,
  "env file, no line end": (n, v) => `PORT=80\n${upper(all(n))}=${v}`,
  "shell export": (n, v) => `#!/bin/sh\nexport ${upper(all(n))}="${v}"\n`,
  "command-line option": (n, v) => `sync --verbose --${kebab(all(n))} ${v} --all\n`,
  "curl, own header": (n, v) => `curl -s -H 'X-${title(all(n)).replaceAll(" ", "-")}: ${v}' "$URL/v1"\n`,
  "curl, bearer": (n, v) => `curl https://api.${n.name.join("")}.com/v1/me -H "Authorization: Bearer ${v}"\n`,
  "URL query": (n, v) => `fetch("https://api.${n.name.join("")}.com/v1/data?${snake(n.role)}=${v}&format=json")\n`,
  "XML element": (n, v) => `<config>\n  <${camel(all(n))}>${v}</${camel(all(n))}>\n</config>\n`,
  "XML attribute": (n, v) => `<appSettings><add key="${pascal(all(n))}" value="${v}" /></appSettings>\r\n`,
  "property list": (n, v) => `<dict>\n\t<key>${pascal(all(n))}</key>\n\t<string>${v}</string>\n</dict>\n`,
  "TOML section": (n, v) => `[${snake(n.name)}]\n${snake(n.role)} = "${v}"\n`,
  INI: (n, v) => `[main]\n${snake(all(n))}=${v}\n; end\n`,
  "Java properties": (n, v) => `${all(n).join(".")}=${v}\nserver.port=80\n`,
  "Dockerfile ENV": (n, v) => `FROM alpine\nENV ${upper(all(n))} ${v}\nRUN true\n`,
  "Terraform variable": (n, v) => `variable "${snake(all(n))}" {\n  type    = string\n  default = "${v}"\n}\n`,
  "Markdown table": (n, v) => `| Name | Value |\n| --- | --- |\n| ${title(all(n))} | \`${v}\` |\n`,
  prose: (n, v) => `Use the ${title(n.name)} ${n.role.join(" ")} ${v} for the staging system.\n`,
  "log line": (n, v) => `2026-01-02T03:04:05Z INFO sync start ${snake(all(n))}=${v} status=200\n`,
  "line ends as \\n": (n, v) => `env = "PORT=80\\n${upper(all(n))}=${v}\\nDEBUG=1"\n`,
  "comment above": (n, v) => `# ${title(n.name)}\n${upper(n.role)}=${v}\n`,
  "HTML attribute": (n, v) => `<meta name="${kebab(all(n))}" content="${v}"><br>\n`,
};

/** What stands where a secret would, and is none. */
export const lookAlikes: Readonly<Record<string, Context>> = {
  "environment variable": (n) => `${camel(all(n))} = process.env.${upper(all(n))};\n`,
  "shell variable": (n) => `export ${upper(all(n))}="\${${upper(all(n))}}"\n`,
  placeholder: (n) => `${upper(all(n))}=YOUR_${upper(all(n))}\n`,
  "angle brackets": (n) => `${snake(all(n))}: "<your-${kebab(all(n))}>"\n`,
  "one letter": (n, v) => `${upper(all(n))}=${v.replaceAll(/[0-9A-Za-z]/g, "x")}\n`,
  "CI secret": (n) => `${upper(all(n))}: \${{ secrets.${upper(all(n))} }}\n`,
  "vault path": (n) => `${snake(all(n))} = data.vault.secret["${kebab(n.name)}/${kebab(n.role)}"]\n`,
};

/** What misses the form of a value: letters that its alphabet does not have, a length that is not its own. What has a telling name may be another secret, so the value's own rule is asked. */
export const nearMisses: Readonly<Record<string, (value: string) => string>> = {
  "wrong alphabet": (value) => changed(value, (letter, i) => (i % 3 === 0 ? "·~|^"[i % 4]! : letter)),
  "cut off behind five letters": (value) => value.slice(0, bodyAt(value) + 5),
};

/** What stands in a value's place and form, and is no secret for anybody. */
export const standIns: Readonly<Record<string, (value: string) => string>> = {
  counted: (value) => {
    const isHex = /^[0-9a-fA-F]+$/.test(bodyOf(value));
    const order = isHex ? "0123456789abcdef" : "abcdefghijklmnopqrstuvwxyz0123456789";
    const isUpper = !/[a-z]/.test(bodyOf(value));
    return changed(value, (_, i) => (isUpper ? order.toUpperCase() : order)[i % order.length]!);
  },
  masked: (value) => changed(value, (letter, i) => (i < 4 ? letter : "*")),
  "a word again and again": (value) => changed(value, (_, i) => "example"[i % 7]!),
};

/** Where the part behind a prefix begins. */
function bodyAt(value: string): number {
  const prefix = /^(?:[a-z][a-z0-9]{1,11}[-_.~]){1,3}|^[A-Z]{3,5}(?=[A-Z0-9]{12})/.exec(value)?.[0].length ?? 0;
  return prefix > value.length / 2 ? 0 : prefix;
}

function bodyOf(value: string): string {
  return value.slice(bodyAt(value));
}

/** The part behind a prefix, letter by letter. */
function changed(value: string, change: (letter: string, i: number) => string): string {
  // Signs of an alphabet are letters of it; those of a UUID stay.
  const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(bodyOf(value));
  const isLetter = isUuid ? /[0-9A-Za-z]/ : /[0-9A-Za-z_-]/;
  const letters = Array.from(bodyOf(value), (letter, i) => (isLetter.test(letter) ? change(letter, i) : letter));
  return value.slice(0, bodyAt(value)) + letters.join("");
}

/** A value with one letter of its second half changed: where a checksum stands in it, that does not fit any more. */
export function withOtherLetter(value: string): string {
  const at = Math.floor(value.length * 0.6);
  const letter = value[at] ?? "";
  const other = /\d/.test(letter)
    ? letter === "7"
      ? "3"
      : "7"
    : letter === "b"
      ? "d"
      : letter === "B"
        ? "D"
        : letter >= "a"
          ? "b"
          : "B";
  return value.slice(0, at) + (/[0-9A-Za-z]/.test(letter) ? other : letter) + value.slice(at + 1);
}
