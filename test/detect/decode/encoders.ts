import { deflateSync, gzipSync } from "node:zlib";
import type { Random } from "../../../src/rules/random.ts";

/** A way in which a text is written, as a file would hold it. */
export interface Encoder {
  readonly name: string;
  /** What the detection says of it. */
  readonly kinds: readonly string[];
  readonly encode: (secret: string, random: Random) => string | Buffer;
}

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
const wrap = (text: string, width: number, between: string): string =>
  text.match(new RegExp(`.{1,${width}}`, "g"))!.join(between);
const each = (text: string, write: (code: number) => string): string =>
  text
    .split("")
    .map((letter) => write(letter.charCodeAt(0)))
    .join("");
const hex = (code: number, width: number): string => code.toString(16).padStart(width, "0");
/** Text before and behind a secret, so that a wrapped one has lines enough. */
const around = (secret: string): string =>
  `# settings of the service, kept here until the vault is there\nNAME=value\nTOKEN=${secret}\nOTHER=thing\n`;

/** UTF-32, the little end first. */
function wider(text: string): Buffer {
  return Buffer.concat(
    Array.from(text, (letter) => {
      const code = Buffer.alloc(4);
      code.writeUInt32LE(letter.codePointAt(0)!);
      return code;
    }),
  );
}

/** The middle of a text written in another way. */
function middle(text: string, write: (code: number) => string): string {
  const at = text.length >> 1;
  return text.slice(0, at) + each(text.slice(at, at + 3), write) + text.slice(at + 3);
}

export const encoders: readonly Encoder[] = [
  {
    name: "base64 in a Secret of Kubernetes",
    kinds: ["base64"],
    encode: (secret) => `data:\n  token: ${base64(secret)}\n`,
  },
  {
    name: "base64 without padding",
    kinds: ["base64"],
    encode: (secret) => `{"t": "${base64(`user:${secret}`).replaceAll("=", "")}"}`,
  },
  {
    name: "URL-safe base64",
    kinds: ["base64"],
    encode: (secret) => `t=${Buffer.from(`??>>${secret}`).toString("base64url")}&x=1`,
  },
  {
    name: "base64 in a block of YAML",
    kinds: ["base64"],
    encode: (secret) => `config: |\n  ${wrap(base64(around(secret)), 64, "\n  ")}\nnext: 1\n`,
  },
  {
    name: "base64 of a mail",
    kinds: ["base64"],
    encode: (secret) =>
      `Content-Transfer-Encoding: base64\r\n\r\n${wrap(base64(around(secret)), 76, "\r\n")}\r\n\r\n--part\r\n`,
  },
  {
    name: "base64 in lines of an odd length",
    kinds: ["base64"],
    encode: (secret) => `x:\n${wrap(base64(around(secret)), 70, "\n")}\n`,
  },
  {
    name: "base64 in parts of a string",
    kinds: ["base64"],
    encode: (secret) => `const t =\n  "${wrap(base64(around(secret)), 60, '" +\n  "')}";\n`,
  },
  { name: "base64 in base64", kinds: ["base64"], encode: (secret) => `data: ${base64(base64(secret))}\n` },
  {
    name: "a release of Helm",
    kinds: ["base64", "gzip"],
    encode: (secret) => `data:\n  release: ${base64(base64(gzipSync(JSON.stringify({ manifest: around(secret) }))))}\n`,
  },
  {
    name: "zlib in base64",
    kinds: ["base64", "zlib"],
    encode: (secret) => `blob = '${base64(deflateSync(around(secret)))}'\n`,
  },
  { name: "hex", kinds: ["hex"], encode: (secret) => `t = unhexlify("${Buffer.from(secret).toString("hex")}")\n` },
  {
    name: "hex in capitals, in lines",
    kinds: ["hex"],
    encode: (secret) => `${wrap(Buffer.from(around(secret)).toString("hex").toUpperCase(), 60, "\n")}\n`,
  },
  {
    name: "escaped bytes of Python",
    kinds: ["hex"],
    encode: (secret) => `t = b"${each(secret, (code) => `\\x${hex(code, 2)}`)}"\n`,
  },
  {
    name: "a list of bytes",
    kinds: ["hex"],
    encode: (secret) =>
      `static const char t[] = {\n  ${wrap(
        each(secret, (code) => `0x${hex(code, 2)}, `),
        48,
        "\n  ",
      )}0x00 };\n`,
  },
  {
    name: "octal escapes of a shell",
    kinds: ["escape"],
    encode: (secret) => `printf '${each(secret, (code) => `\\${code.toString(8).padStart(3, "0")}`)}'\n`,
  },
  {
    name: "percent-encoding of all letters",
    kinds: ["percent"],
    encode: (secret) => `https://api.corp-net.io/v1?t=${each(secret, (code) => `%${hex(code, 2)}`)}\n`,
  },
  {
    name: "percent-encoding of a query",
    kinds: ["percent"],
    encode: (secret) =>
      `URL=https%3A%2F%2Fapi.corp-net.io%2F%3Ftoken%3D${middle(secret, (code) => `%${hex(code, 2).toUpperCase()}`)}%26a%3Db\n`,
  },
  {
    name: "percent-encoding before a token",
    kinds: ["percent"],
    encode: (secret) => `next=%2Flogin%3Ft%3D%22${encodeURIComponent(secret)}%22\n`,
  },
  {
    name: "Unicode escapes of JSON",
    kinds: ["unicode"],
    encode: (secret) => `{"t": "${each(secret, (code) => `\\u${hex(code, 4)}`)}"}\n`,
  },
  {
    name: "one Unicode escape of JavaScript",
    kinds: ["unicode"],
    encode: (secret) => `const t = "${middle(secret, (code) => `\\u{${hex(code, 2)}}`)}";\n`,
  },
  { name: "a line end in a string", kinds: ["escape"], encode: (secret) => `{"env": "A=1\\n${secret}\\nB=2"}\n` },
  {
    name: "character references",
    kinds: ["html"],
    encode: (secret) => `<a data-t="${each(secret, (code) => `&#${code};`)}">\n`,
  },
  {
    name: "character references by hex",
    kinds: ["html"],
    encode: (secret) => `<a data-t="${middle(secret, (code) => `&#x${hex(code, 2)};`)}">\n`,
  },
  {
    name: "a mail in quoted-printable",
    kinds: ["quoted-printable"],
    encode: (secret) => {
      const half = secret.length >> 1;
      const text = "Hello, here is the new token of the service, which you asked for last week: ";
      return `Hello,\r\n${text.slice(half - 75)}${secret.slice(0, half)}=\r\n${secret.slice(half)}\r\nBye =3D)\r\n`;
    },
  },
  {
    name: "parts of a string in JavaScript",
    kinds: ["joined"],
    encode: (secret) => `const t = "${secret.slice(0, 9)}" + "${secret.slice(9)}";\n`,
  },
  {
    name: "parts of a string over lines",
    kinds: ["joined"],
    encode: (secret) => `t = ("${secret.slice(0, 12)}"\n     "${secret.slice(12)}")\n`,
  },
  {
    name: "parts of a string in PHP",
    kinds: ["joined"],
    encode: (secret) => `$t = '${secret.slice(0, 8)}' . '${secret.slice(8)}';\n`,
  },
  {
    name: "parts of a string in Lua",
    kinds: ["joined"],
    encode: (secret) => `local t = "${secret.slice(0, 8)}" .. "${secret.slice(8)}"\n`,
  },
  {
    name: "every letter in braces, as JavaScript and Rust write it",
    kinds: ["unicode"],
    encode: (secret) => `t = "${each(secret, (code) => `\\u{${code.toString(16)}}`)}";\n`,
  },
  ...[" || ", " << ", " <> ", " & _\n    "].map((joint) => ({
    name: `parts of a string, joined by${joint.trimEnd()}`,
    kinds: ["joined"],
    encode: (secret: string) => `t = "${secret.slice(0, 9)}"${joint}"${secret.slice(9)}"\n`,
  })),
  {
    name: "parts of a string, joined by concat",
    kinds: ["joined"],
    encode: (secret) => `t = "${secret.slice(0, 10)}".concat("${secret.slice(10)}");\n`,
  },
  {
    name: "a script of PowerShell in UTF-16",
    kinds: ["utf-16"],
    encode: (secret) => Buffer.from(`\ufeff$t = "${secret}"\r\n`, "utf16le"),
  },
  {
    name: "UTF-16, big end first, with other letters",
    kinds: ["utf-16"],
    encode: (secret) => Buffer.from(`\ufeff// ключ и пароль\r\nt = "${secret}"\r\n`, "utf16le").swap16(),
  },
  {
    name: "a string of a Windows program",
    kinds: ["utf-16"],
    encode: (secret) =>
      Buffer.concat([
        Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4, 0, 0xff, 0xff]),
        Buffer.from(secret, "utf16le"),
        Buffer.from([0, 0, 7, 0, 0xcc, 1]),
      ]),
  },
  {
    name: "UTF-32 with its mark",
    kinds: ["utf-32"],
    encode: (secret) => wider(`\ufefftoken = "${secret}"\n`),
  },
  {
    name: "UTF-32, big end first, without a mark",
    kinds: ["utf-32"],
    encode: (secret) => wider(`token = "${secret}"; next\n`).swap32(),
  },
  {
    name: "an encoded command of PowerShell",
    kinds: ["base64", "utf-16"],
    encode: (secret) =>
      `powershell -EncodedCommand ${Buffer.from(`$t='${secret}'; Invoke-It $t`, "utf16le").toString("base64")}\n`,
  },
  {
    name: "percent-encoding of base64",
    kinds: ["percent", "base64"],
    encode: (secret) => `s=${encodeURIComponent(base64(`??>>~~${secret}??>>~~`))}\n`,
  },
  {
    name: "a payload of a JWT",
    kinds: ["base64"],
    encode: (secret) =>
      `x ${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url")}.${Buffer.from(JSON.stringify({ sub: "a", token: secret })).toString("base64url")}.c2ln\n`,
  },
];
