import { expect, test } from "vitest";
import { formats, plainOptions, readTemplate } from "../../src/report/index.ts";
import { functions } from "../../src/report/template/functions.ts";
import { parseTemplate } from "../../src/report/template/parse.ts";
import { runTemplate } from "../../src/report/template/run.ts";
import { FindingValue, type Value } from "../../src/report/template/values.ts";
import { finding, gitOrigin, report, sighting } from "../findings/samples.ts";

const made = (fields: Readonly<Record<string, Value>>): FindingValue =>
  new FindingValue(new Map(Object.entries(fields)));

const data = [
  made({ RuleID: "one", File: "a.txt", Message: 'm "q" <x>', StartLine: 3, Entropy: 4.25, Tags: ["t", "u"] }),
  made({ RuleID: "two", File: "b c", Message: "", StartLine: 10, Entropy: 0, Tags: [] }),
];

function run(template: string): string {
  return [
    ...runTemplate(
      parseTemplate(template, (name) => functions.has(name)),
      data,
    ),
  ].join("");
}

// What Go 1.26 makes of the same templates and data.
test.each([
  ["{{len .}}", "2"],
  ["a {{- 1 -}} b", "a1b"],
  ["a {{- /* c */ -}} b", "ab"],
  ["{{/* c */}}x", "x"],
  ["{{range .}}{{.RuleID}};{{else}}none{{end}}", "one;two;"],
  ["{{range $i,$e := .}}{{$i}}{{$e.File}}{{end}}", "0a.txt1b c"],
  ["{{range $e := .}}{{$e.StartLine}},{{end}}", "3,10,"],
  ["{{range .}}{{if .Tags}}{{.Tags}}{{else}}-{{end}}{{end}}", "[t u]-"],
  ["{{with (index . 0).Message}}{{.}}{{else}}no{{end}}", 'm "q" <x>'],
  ["{{with (index . 1).Message}}{{.}}{{else}}no{{end}}", "no"],
  ["{{$x := 1}}{{if true}}{{$x = 2}}{{$y := 3}}{{$y}}{{end}}{{$x}}", "32"],
  [
    '{{printf "%s|%5s|%-5s|%q|%v|%d|%05d|%+d|%x|%X" "a" "b" "c" "d\\"" true 7 42 5 255 "hi"}}',
    'a|    b|c    |"d\\""|true|7|00042|+5|ff|6869',
  ],
  ['{{range .}}{{printf "%f %.2f %v|" .Entropy .Entropy .Entropy}}{{end}}', "4.250000 4.25 4.25|0.000000 0.00 0|"],
  ["{{(index . 0).Entropy}} {{(index . 1).Entropy}}", "4.25 0"],
  ['{{print 1 2 "a" "b" 3 true}}|{{println "a" 1}}', "1 2ab3 true|a 1\n"],
  ['{{html "<a href=\'x\'>&\\""}}', "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"],
  ['{{js "it\'s <b> \\"q\\" = &"}}', 'it\\\'s \\u003Cb\\u003E \\"q\\" \\u003D \\u0026'],
  ['{{urlquery "a b&c=d/é"}}', "a+b%26c%3Dd%2F%C3%A9"],
  [
    '{{and 1 0 2}} {{or 0 "" 3}} {{not 0}} {{eq 1 2 1}} {{ne "a" "b"}} {{lt 1 2}} {{ge "b" "a"}}',
    "0 3 true true true true true",
  ],
  ['{{slice "abcdef" 1 3}} {{index (index . 0).Tags 1}} {{len "é"}}', "bc u 2"],
  ['{{define "t"}}<{{.}}>{{end}}{{template "t" 5}}{{block "b" .}}{{len .}}{{end}}', "<5>2"],
  ['{{range .}}{{if eq .RuleID "two"}}{{break}}{{end}}{{.RuleID}}{{end}}', "one"],
  ['{{range .}}{{if eq .RuleID "one"}}{{continue}}{{end}}{{.RuleID}}{{end}}', "two"],
  ['{{"x" | printf "%s-%s" "y"}}', "y-x"],
  ['{{ (len .) | printf "%d" }}', "2"],
  ['{{if and (gt (len .) 1) (eq (index . 0).RuleID "one")}}yes{{end}}', "yes"],
  ['{{printf "%d" "s"}} {{printf "%d"}} {{printf "x" 1}}', "%!d(string=s) %!d(MISSING) x%!(EXTRA int=1)"],
  ["{{if false}}a{{else if true}}b{{else}}c{{end}}", "b"],
  ["{{with 0}}a{{else with 2}}{{.}}{{end}}", "2"],
  ['line\n  {{- "x"}}\n{{"y" -}}\n z', "linex\nyz"],
  ['{{`a\\n`}}{{"\\t\\u00e9\\x41"}}', "a\\n\téA"],
  ["{{$}}", '[{one a.txt m "q" <x> 3 4.25 [t u]} {two b c  10 0 []}]'],
  ["{{range 3}}{{.}}{{end}}", "012"],
  ["{{not nil}}", "true"],
  ['}} {{"}}"}}', "}} }}"],
  ["{{ .  }}", '[{one a.txt m "q" <x> 3 4.25 [t u]} {two b c  10 0 []}]'],
  ["{{$x := .}}{{(index $x 0).File}}", "a.txt"],
  ['{{(index . 0).Tags | len | printf "%03d"}}', "002"],
])("%s is what Go makes of it", (template, expected) => {
  expect(run(template)).toBe(expected);
});

test.each([
  "{{range $i, $_ := .}}{{range $.}}{{$i}}{{.StartLine}} {{end}}{{end}}",
  "{{.Nope}}",
  "{{nosuch}}",
  "{{if}}{{end}}",
  "{{end}}",
  "{{range .}}",
  "{{index . 5}}",
  '{{template "none"}}',
  "{{len 3}}",
  '{{lt 1 "a"}}',
])("%s is refused, as Go does", (template) => {
  expect(() => run(template)).toThrow();
});

test.each([
  ['{{ list 1 "b" | join "-" }}', "1-b"],
  ['{{ default "d" "" }}{{ default "d" "x" }}', "dx"],
  ['{{ trunc 3 "abcdef" }} {{ trunc -2 "abcdef" }} {{ abbrev 5 "abcdefgh" }}', "abc ef ab..."],
  ['{{ "a/b/c.txt" | base }} {{ dir "a/b/c.txt" }} {{ ext "c.txt" }}', "c.txt a/b .txt"],
  ['{{ toJson (dict "b" 1 "a" (list "<" true)) }}', '{"a":["\\u003c",true],"b":1}'],
  [
    "{{ index . 0 | toJson }}",
    '{"RuleID":"one","File":"a.txt","Message":"m \\"q\\" \\u003cx\\u003e","StartLine":3,"Entropy":4.25,"Tags":["t","u"]}',
  ],
  ['{{ ternary "y" "n" (contains "b" "abc") }}{{ coalesce "" 0 "z" }}', "yz"],
  ["{{ add 1 2 3 }} {{ sub 5 2 }} {{ div 7 2 }} {{ mod 7 4 }} {{ max 1 9 3 }} {{ round 3.14159 2 }}", "6 3 3 3 9 3.14"],
  ['{{ nindent 2 "a\\nb" }}', "\n  a\n  b"],
  ['{{ list "b" "a" "b" | uniq | sortAlpha }}{{ has "a" (list "a") }}', "[a b]true"],
  ['{{ replace "a" "$&" "banana" }} {{ repeat 2 "x" }} {{ title "ab cd" }} {{ squote "x" }}', "b$&n$&n$& xx Ab Cd 'x'"],
  [
    '{{ substr 1 3 "abcdef" }} {{ trimSuffix "f" "abcdef" }} {{ trimPrefix "a" "abc" }} {{ trimAll "-" "--a-" }}',
    "bc abcde bc a",
  ],
  ['{{ b64enc "hi" }} {{ b64dec "aGk=" }} {{ sha256sum "" | trunc 8 }}', "aGk= hi e3b0c442"],
])("sprig: %s", (template, expected) => {
  expect(run(template)).toBe(expected);
});

test("nothing reaches beyond its data", () => {
  for (const name of ["env", "expandenv", "getHostByName", "now", "readFile", "constructor", "__proto__"])
    expect(() => run(`{{ ${name} "HOME" }}`)).toThrow(/no function/);
  expect(() => run("{{ (index . 0).constructor }}")).toThrow(/no field/);
  expect(() => run('{{ repeat 9999999 "x" }}')).toThrow(/too long/);
  expect(() => run('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}')).toThrow(/without end/);
  expect(() => run("(".repeat(10) + "{{" + "(".repeat(5000) + "1}}")).toThrow(/too deeply/);
});

test("a report: gitleaks' fields, escaped and masked, line by line", () => {
  const { commit } = gitOrigin();
  const place = sighting(gitOrigin({ commit: { ...commit!, message: "a\u001b[2J\nb" } }), {
    match: "k=plain",
    line: "k=plain",
    tags: ["x\u202ey"],
  });
  const given = report({ findings: [finding({ secret: "plain", sightings: [place] })] });
  const written = (text: string, secrecy = plainOptions.secrecy): readonly string[] => [
    ...formats.template(given, { ...plainOptions, secrecy, template: readTemplate(text, "t.tmpl") }),
  ];
  expect(
    written("{{ range . }}{{ .RuleID }} {{ .File }}:{{ .StartLine }}\n{{ .Message }} {{ .Tags }}\n{{ end }}"),
  ).toEqual(["sample-token src/config.ts:3", "a\\x1b[2J\\nb [x\\u202ey]"]);
  const values = "{{ range . }}{{ .Secret }} {{ .Match }} {{ .Line }}{{ end }}";
  expect(written(values).join("")).not.toContain("plain");
  expect(written(values, { kind: "redact", percent: 100 }).join("")).toMatch(/^REDACTED /);
  expect(written(values, { kind: "reveal" })).toEqual(["plain k=plain k=plain"]);
  expect(() => readTemplate("a\n{{ nosuch }}", "t.tmpl")).toThrow(/^t\.tmpl:2: there is no function nosuch$/);
  expect(() => written("{{ range . }}\n{{ .Nope }}{{ end }}")).toThrow(/^t\.tmpl:2: a finding has no field Nope$/);
});
