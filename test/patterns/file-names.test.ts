import { expect, test } from "vitest";
import { loadEngine } from "../../src/detect/index.ts";
import { builtinRuleset } from "../detect/rules-for-tests.ts";

/** Names that repositories are full of. In a history each content under a name that a rule asks for is read again for its path. */
const common = [
  ...[
    "package.json",
    "acl-cat.json",
    "tsconfig.json",
    "en.json",
    "README.md",
    "main.c",
    "server.h",
    "index.js",
    "app.py",
    "lib.rs",
  ],
  ...[
    "main.go",
    "App.java",
    "docker-compose.yml",
    "values.yaml",
    "Makefile",
    "Dockerfile",
    "setup.cfg",
    "redis.conf",
    "style.css",
  ],
  ...[
    "index.html",
    "pom.xml",
    "data.csv",
    "notes.txt",
    "run.sh",
    "schema.sql",
    "logo.png",
    "settings.ini",
    "test.properties",
  ],
  ...[
    ".gitignore",
    ".eslintrc",
    "LICENSE",
    "config.toml",
    "go.sum",
    "yarn.lock",
    "Gemfile",
    "build.gradle",
    "icon.svg",
    "font.ttf",
  ],
];

test("no rule on files asks for names that every repository has", async () => {
  const engine = await loadEngine();
  const asked = builtinRuleset()
    .rules.filter(({ regex, name }) => regex === undefined && name !== undefined)
    .flatMap(({ id, name = "" }) => {
      const matcher = engine.compile(name);
      return common.filter((each) => matcher.test(each)).map((each) => `${id}: ${each}`);
    });
  expect(asked).toEqual([]);
});
