import { expect, test } from "vitest";
import { nameRegex } from "../../src/rules/path-name.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { engine } from "../detect/rules-for-tests.ts";

function nameOf(pattern: string): string | undefined {
  return nameRegex(parseRegex(pattern).root);
}

test.each([
  ["(?i)(?:^|\\/)[^\\/]+\\.p(?:12|fx)$", "a/B.PFX", "a/b.pem"],
  ["(?:\\.docker/config\\.json|\\.dockercfg)$", "x/.docker/config.json", "x/config.yaml"],
  ["(?:^|/)secrets/(?:a|b/(?:c|d))\\.key$", "secrets/b/c.key", "secrets/b/x.key"],
  ["\\.(?:kdbx?)\\z", "x/y.kdb", "x/y.kd"],
  [".*id_rsa$", "old_id_rsa", "id_rsa.pub"],
  ["(?:secret.*/final\\.txt$|^one\\.bin$)", "secrets/a/final.txt", "final.txt.gz"],
])("%s: a name is asked by what the pattern says of it", (pattern, path, other) => {
  const regex = engine.compile(nameOf(pattern) ?? "");
  const name = (of: string): string => of.slice(of.lastIndexOf("/") + 1);
  expect(engine.compile(pattern).test(path)).toBe(true);
  expect(regex.test(name(path))).toBe(true);
  expect(regex.test(name(other))).toBe(false);
});

test.each(["secrets/", "(?:^|/)[0-9]+$", "a/[^/]*$", "(?:\\.p12$|tmp)", "^$", `${"(?:a|b/c)".repeat(12)}$`])(
  "%s: too little is said of names",
  (pattern) => {
    expect(nameOf(pattern)).toBeUndefined();
  },
);
