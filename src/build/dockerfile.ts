/** Dockerfiles and Containerfiles (Dockerfile reference): instructions with their lines, stages, and the variables that are known before a build. */

/** A longer file was not written for a build. */
const maxInstructions = 10_000;

export interface Instruction {
  /** In capitals. */
  readonly name: string;
  /** The instruction on one line, without its name and without texts that are given behind it (here-documents). */
  readonly rest: string;
  /** Options: `--from=build` as `from`, `build`; of repeated ones all. */
  readonly options: readonly (readonly [string, string])[];
  /** What stands behind the options. */
  readonly words: readonly string[];
  /** First and last line, from 1. */
  readonly line: number;
  readonly endLine: number;
  readonly hasHereDocument: boolean;
}

export interface Stage {
  /** As other stages call it; its number where it has no name. */
  readonly name: string;
  /** What it begins with: another stage, an image, `scratch`; variables that have a default are put in. */
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
  /** What stands before the first stage: ARG alone. */
  readonly preamble: readonly Instruction[];
}

/** Reads a Dockerfile. What is no instruction is left out: a build of it would fail. */
export function parseDockerfile(text: string): Dockerfile {
  const preamble: Instruction[] = [];
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  const variables = new Map<string, string>();
  for (const instruction of instructionsOf(text)) {
    if (instruction.name === "FROM") {
      const [base = "", as = "", name = ""] = instruction.words;
      stages.push({
        name: as.toLowerCase() === "as" && name !== "" ? name.toLowerCase() : String(stages.length),
        base: expandVariables(base, variables) ?? base,
        instructions: [],
      });
    } else if (stages.length === 0) {
      preamble.push(instruction);
      for (const [name, value] of assignments(instruction)) if (value !== undefined) variables.set(name, value);
    } else stages.at(-1)!.instructions.push(instruction);
  }
  return { stages, preamble };
}

/** Names and values that ARG, ENV or LABEL give, as they are written; a name of ARG without a default has no value. */
export function assignments({ name, rest, words }: Instruction): readonly (readonly [string, string | undefined])[] {
  // ENV and LABEL have an older form, without `=`, for one value.
  const older = /^([^\s=]+)\s+(.*)$/s.exec(rest);
  if (name !== "ARG" && older !== null && !words[0]?.includes("=")) return [[older[1]!, older[2]!]];
  return words.map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  });
}

/** A text that variables make longer than this is no path: each of sixty can be twice the one before it. */
const longestExpanded = 16_384;

/** Puts in variables; undefined where one is not known, or too much comes out. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  let isKnown = true;
  let room = longestExpanded;
  const expanded = text.replace(
    /\\(.)|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})/g,
    (
      _all,
      escaped: string | undefined,
      plain: string | undefined,
      braced: string | undefined,
      how = "",
      other = "",
    ) => {
      if (!isKnown) return "";
      if (escaped !== undefined) return escaped;
      const value = variables.get(plain ?? braced ?? "");
      const isSet = value !== undefined && (value !== "" || !String(how).startsWith(":"));
      if (String(how).endsWith("+")) return isSet ? String(other) : "";
      if (isSet && (room -= value.length) < 0) isKnown = false;
      if (isSet) return isKnown ? value : "";
      if (how === "") isKnown = false;
      return String(other);
    },
  );
  return isKnown ? expanded : undefined;
}

function* instructionsOf(text: string): Iterable<Instruction> {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const escape = escapeOf(lines);
  let count = 0;
  for (let at = 0; at < lines.length && count < maxInstructions; at++) {
    if (isBlank(lines[at]!)) continue;
    const first = at;
    let logical = "";
    for (;;) {
      const line = lines[at] ?? "";
      const trimmed = line.trimEnd();
      const goesOn = trimmed.endsWith(escape);
      logical += goesOn ? trimmed.slice(0, -1) : line;
      if (!goesOn || at + 1 >= lines.length) break;
      at++;
      // Comments and empty lines between the lines of an instruction belong to none of them.
      while (at + 1 < lines.length && isBlank(lines[at]!)) at++;
    }
    const match = /^\s*([A-Za-z]+)(?:\s+(.*))?$/s.exec(logical);
    if (match === null) continue;
    const name = match[1]!.toUpperCase();
    const documents = ["RUN", "COPY", "ADD"].includes(name) ? hereDocuments(match[2] ?? "") : [];
    for (const { end, isIndented } of documents) {
      at++;
      while (at < lines.length && (isIndented ? lines[at]!.replace(/^\t+/, "") : lines[at]) !== end) at++;
    }
    count++;
    yield instruction(
      name,
      (match[2] ?? "").trim(),
      first + 1,
      Math.min(at, lines.length - 1) + 1,
      documents.length > 0,
    );
  }
}

function instruction(name: string, text: string, line: number, endLine: number, hasHereDocument: boolean): Instruction {
  const options: [string, string][] = [];
  let rest = text;
  // ONBUILD is about the builds of others: what it does is what stands behind it.
  for (let match = optionForm.exec(rest); match !== null; match = optionForm.exec(rest)) {
    options.push([match[1]!.toLowerCase(), unquoted(match[2] ?? "")]);
    rest = rest.slice(match[0].length);
  }
  return { name, rest, options, words: listForm(rest) ?? wordsOf(rest), line, endLine, hasHereDocument };
}

const optionForm = /^--([A-Za-z][A-Za-z-]*)(?:=("[^"]*"|'[^']*'|\S*))?(?:\s+|$)/;

function listForm(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Words as the builder cuts them: blanks part them, quotes and a backslash keep them together. */
function wordsOf(text: string): readonly string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+/gs) ?? []).map(unquoted);
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
    (_all, double?: string, single?: string) => double ?? single ?? "",
  );
}

function isBlank(line: string): boolean {
  return /^\s*(?:#.*)?$/.test(line);
}

/** `# escape=` + a character, among the directives at the top. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^\s*#\s*([A-Za-z]+)\s*=\s*(\S+)\s*$/.exec(line);
    if (directive === null) return "\\";
    if (directive[1]!.toLowerCase() === "escape") return directive[2] === "`" ? "`" : "\\";
  }
  return "\\";
}

function hereDocuments(text: string): readonly { readonly end: string; readonly isIndented: boolean }[] {
  return [...text.matchAll(/(?<![<\w])<<(-?)(?:"([^"\s]+)"|'([^'\s]+)'|([A-Za-z_]\w*))/g)].map((match) => ({
    end: match[2] ?? match[3] ?? match[4] ?? "",
    isIndented: match[1] === "-",
  }));
}
