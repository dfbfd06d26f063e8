import { assignments, parseDockerfile, type Instruction } from "./dockerfile.ts";

/** A Dockerfile without the secrets that stood in it. */
export interface Rewritten {
  readonly text: string;
  /** Ids of the secrets that a build has to be given: `--secret id=…,src=…`. */
  readonly secrets: readonly string[];
  /** What could not be changed by itself, each with its line. */
  readonly left: readonly { readonly line: number; readonly why: string }[];
}

/**
 * Takes values out of a Dockerfile: what `ENV` and `ARG` give becomes a secret that is mounted while the `RUN` instructions that see it work
 * (`RUN --mount=type=secret`), and so does a value that stands in a `RUN` itself. What does not fit that is left as it is, and told.
 */
export function rewriteDockerfile(text: string, values: readonly string[]): Rewritten {
  const lines = text.split("\n");
  const { preamble, stages } = parseDockerfile(text);
  const secrets = new Set<string>();
  const left: { line: number; why: string }[] = [];
  const holds = (words: string): boolean => values.some((value) => words.includes(value));
  const edits: Edits = { removed: new Map(), mounted: new Map() };
  const global = new Set<string>();
  for (const one of preamble) for (const name of takenOut(one, holds, edits)) global.add(name);
  for (const { instructions } of stages) {
    const names = new Set<string>();
    for (const [index, one] of instructions.entries()) {
      if (one.name === "ARG" || one.name === "ENV") {
        const taken = takenOut(
          one,
          (value, name) => holds(value) || (one.name === "ARG" && value === "" && global.has(name)),
          edits,
        );
        const runs = instructions.slice(index + 1).filter(({ name }) => name === "RUN");
        for (const name of taken) {
          names.add(name);
          const reference = new RegExp(`\\$(?:${name}\\b|\\{${name}\\b)`);
          const using = runs.filter(({ rest }) => reference.test(rest));
          // Where none names it, programs may still read it.
          for (const run of using.length > 0 ? using : runs) mount(run, name);
          for (const other of instructions.slice(index + 1))
            if (!["RUN", "ARG"].includes(other.name) && reference.test(other.rest))
              left.push({ line: other.line, why: `${other.name} uses ${name}, which a build no longer knows` });
        }
      } else if (holds(one.rest)) takeFromOther(one);
    }
    for (const name of names) secrets.add(name);
  }
  for (const [run, names] of edits.mounted) {
    const at = run.line - 1;
    const match = /^(\s*RUN\s+(?:--\S+\s+)*)(.*)$/is.exec(lines[at] ?? "");
    if (match === null) continue;
    const mounts = [...names.keys()].map((name) => `--mount=type=secret,id=${name} `).join("");
    const exports = [...names].flatMap(([name, how]) =>
      how === "variable" ? [`export ${name}="$(cat /run/secrets/${name})"; `] : [],
    );
    lines[at] = `${match[1]}${mounts}${exports.join("")}${match[2]}`;
  }
  const kept = lines.flatMap((line, index) => {
    const edit = edits.removed.get(index + 1);
    return edit === undefined ? [line] : edit === "" ? [] : [edit];
  });
  return { text: kept.join("\n"), secrets: [...secrets].sort(), left: left.sort((a, b) => a.line - b.line) };

  function mount(run: Instruction, name: string, how: "variable" | "file" = "variable"): void {
    if (run.hasHereDocument || run.rest.startsWith("[")) {
      left.push({ line: run.line, why: `give RUN ${name} by hand: --mount=type=secret,id=${name}` });
      return;
    }
    const names = edits.mounted.get(run) ?? new Map<string, "variable" | "file">();
    names.set(name, how);
    edits.mounted.set(run, names);
  }

  /** A value in an instruction that is no ENV and no ARG. */
  function takeFromOther(one: Instruction): void {
    const by = `the value stands in ${one.name}`;
    if (one.name !== "RUN" || one.hasHereDocument || one.rest.startsWith("[")) {
      left.push({ line: one.line, why: one.name === "RUN" ? by : `${by}: give it when the container runs` });
      return;
    }
    for (let at = one.line - 1; at < one.endLine; at++) {
      for (const value of values) {
        if (!lines[at]!.includes(value)) continue;
        // In single quotes a shell puts nothing in.
        if ((lines[at]!.split(value)[0]!.match(/'/g)?.length ?? 0) % 2 === 1) {
          left.push({ line: at + 1, why: `${by}, in single quotes` });
          continue;
        }
        const id = `secret_${one.line}`;
        lines[at] = lines[at]!.replaceAll(value, `$(cat /run/secrets/${id})`);
        secrets.add(id);
        mount(one, id, "file");
      }
    }
  }
}

interface Edits {
  /** What becomes of lines: their new text, empty where they go. */
  readonly removed: Map<number, string>;
  readonly mounted: Map<Instruction, Map<string, "variable" | "file">>;
}

/** Takes the assignments out of ENV or ARG whose values hold a secret. Gives their names. */
function takenOut(
  one: Instruction,
  isTaken: (value: string, name: string) => boolean,
  { removed }: Edits,
): readonly string[] {
  const all = assignments(one);
  const taken = all.filter(([name, value = ""]) => /^[A-Za-z_]\w*$/.test(name) && isTaken(value, name));
  if (taken.length === 0) return [];
  const rest = all.filter((pair) => !taken.includes(pair));
  for (let line = one.line; line <= one.endLine; line++) removed.set(line, "");
  if (rest.length > 0) removed.set(one.line, `${one.name} ${rest.map(assignmentText).join(" ")}`);
  return taken.map(([name]) => name);
}

function assignmentText([name, value]: readonly [string, string | undefined]): string {
  if (value === undefined) return name;
  return /^[\w./:@%+,${}-]*$/.test(value) ? `${name}=${value}` : `${name}="${value.replace(/(["\\])/g, "\\$1")}"`;
}
