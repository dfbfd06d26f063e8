import fc from "fast-check";
import { expect, test } from "vitest";
import { expandVariables, parseDockerfile } from "../../src/build/dockerfile.ts";
import { planBuilds } from "../../src/build/index.ts";

function planOf(text: string, more: Readonly<Record<string, string>> = {}): readonly unknown[] {
  const files: Readonly<Record<string, string>> = { Dockerfile: text, ...more };
  return planBuilds({
    files: Object.keys(files),
    read: (name) => files[name],
    has: (name) => name === "src/a",
  })("src/a");
}

test("variables made of each other are put in up to the length of a path, and no further", () => {
  const doubled = Array.from({ length: 60 }, (_, i) => `ARG V${i + 1}=$V${i}$V${i}`).join("\n");
  expect(planOf(`FROM x\nARG V0=src\nCOPY $V0 /in\n${doubled}\nCOPY $V60 /\nCOPY . $V60\n`)).not.toEqual([]);
  expect(expandVariables("$A".repeat(1000), new Map([["A", "x".repeat(100)]]))).toBeUndefined();
  expect(expandVariables("${A}/$A", new Map([["A", "x"]]))).toBe("x/x");
});

test("each copy sees the variables of its place", () => {
  const plan = planOf("FROM x\nARG P=other\nCOPY $P /one\nARG P=src\nCOPY $P /two\nARG P=third\nCOPY $P /three\n");
  expect(JSON.stringify(plan)).toContain("/two");
  expect(JSON.stringify(plan)).not.toMatch(/\/one|\/three/);
});

test("whatever stands in a Dockerfile, a Compose file or their ignore files, reading ends", () => {
  const piece = fc.constantFrom(
    ...[
      "FROM ",
      "COPY ",
      "ADD ",
      "ENV ",
      "ARG ",
      "WORKDIR ",
      "RUN <<A",
      "\\\n",
      "\n",
      " ",
      "$A",
      "${A:-",
      "}",
      "--from=",
      "[",
      '"',
    ],
    ...["**/", "*", "!", "a", "../", "services:", "  build: ", "&a ", "*a", "<<: ", "{", "-", "\t", "\u0000", "#"],
  );
  const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, text, (dockerfile, compose, ignore) => {
      parseDockerfile(dockerfile);
      planOf(dockerfile, { "compose.yaml": compose, ".dockerignore": ignore });
    }),
    { numRuns: 400 },
  );
});
