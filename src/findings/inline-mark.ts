/** What a line holds that is to be left out of reports; every scanner of gitleaks' kind knows it. */
export const allowMark = "gitleaks:allow";

/** How a comment that ends with its line is written; with an end where it needs one. */
type Comment = readonly [begin: string, end?: string];

const comments: readonly (readonly [Comment, string])[] = [
  [
    ["#"],
    "sh bash zsh fish ksh py pyi rb rake gemspec pl pm r jl yml yaml toml tf tfvars hcl nix cmake mk ex exs cr nim ps1 psm1 psd1 graphql gql awk sed tcl coffee bzl bazel star gn rego feature env envrc dockerfile makefile rakefile gemfile vagrantfile procfile justfile gitignore",
  ],
  [
    ["//"],
    "js mjs cjs jsx ts mts cts tsx java kt kts scala groovy gradle go rs c h cc cpp cxx hpp hh cs swift m mm dart php proto zig v sol jsonc json5 sass scss less jenkinsfile fs fsx bicep jsonnet libsonnet cue pkl",
  ],
  [
    ["<!--", "-->"],
    "html htm xhtml xml xsd xsl xslt svg md markdown vue svelte plist csproj vbproj fsproj props targets config pom",
  ],
  [["--"], "sql lua hs elm ada adb ads vhdl dhall"],
  [["/*", "*/"], "css"],
  [[";"], "lisp el clj cljs cljc edn scm rkt asm"],
  [["%"], "tex erl hrl"],
  [["'"], "vb vbs bas"],
];

/** In these the rest of a line belongs to the value, or there are no comments at all. */
const without: ReadonlyMap<string, string> = new Map([
  ...["properties", "ini", "cfg", "conf", "cnf", "service", "npmrc", "pypirc", "netrc", "pgpass"].map(
    (name) => [name, "what stands behind a value is a part of it in such a file"] as const,
  ),
  ...["json", "csv", "tsv", "txt", "pem", "key", "crt", "log", "ipynb", "lock", "har"].map(
    (name) => [name, "such a file has no comments"] as const,
  ),
]);

const byName = new Map(
  comments.flatMap(([comment, names]) => names.split(" ").map((name) => [name, comment] as const)),
);

/**
 * A line (without its end, in whatever characters its bytes are taken for) with the mark in a comment of its language behind it. Gives a sentence where that is not possible; a string is the line.
 * `path`: of the file; `.env.local` and `Dockerfile.dev` are known by their first names.
 */
export function markedLine(line: string, path: string): { readonly line: string } | { readonly refusal: string } {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase();
  const last = name.slice(name.lastIndexOf(".") + 1);
  const first = /^\.?[^.]*/.exec(name)?.[0].replace(/^\./, "") ?? "";
  const reason = without.get(last) ?? without.get(first);
  const comment = byName.get(last) ?? byName.get(first);
  if (reason !== undefined) return { refusal: reason };
  if (comment === undefined) return { refusal: "how comments are written in such a file is not known here" };
  if (line.includes(allowMark)) return { refusal: "the line is marked already" };
  if (/\\\s*$/.test(line)) return { refusal: "the line goes on in the next one: a comment would end it" };
  const [begin, end] = comment;
  if (end !== undefined && line.lastIndexOf(begin) > line.lastIndexOf(end))
    return { refusal: "a comment of several lines is open there" };
  return {
    line: `${line.replace(/[ \t]+$/, "")} ${[begin, allowMark, ...(end === undefined ? [] : [end])].join(" ")}`,
  };
}
