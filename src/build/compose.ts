/** Builds that a Compose file asks for (Compose specification, "build"): contexts, Dockerfiles, targets and arguments. */
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from "yaml";

export interface ComposeBuild {
  readonly service: string;
  /** As it is written: from the folder of the Compose file. */
  readonly context: string;
  /** From the context. */
  readonly dockerfile: string;
  readonly target: string;
  readonly arguments: readonly ComposeArgument[];
}

export interface ComposeArgument {
  readonly name: string;
  /** First and last line of the argument, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Variables of the environment that its value is made of. */
  readonly variables: readonly string[];
}

/** Reads a Compose file; what is none, or asks for no build, gives nothing. */
export function parseCompose(text: string): readonly ComposeBuild[] {
  const lines = new LineCounter();
  let root: Node | null;
  try {
    root = parseDocument(text, { lineCounter: lines, logLevel: "silent" }).contents;
  } catch {
    return []; // Nested so deep that the stack did not do.
  }
  const services = valueOf(root, "services");
  if (!isMap(services)) return [];
  const builds: ComposeBuild[] = [];
  for (const item of services.items) {
    const build = valueOf(item.value, "build");
    if (isScalar(build) && typeof build.value === "string") {
      builds.push({ service: String(item.key), context: build.value, dockerfile: "", target: "", arguments: [] });
    } else if (isMap(build)) {
      builds.push({
        service: String(item.key),
        context: textOf(build, "context") || ".",
        dockerfile: textOf(build, "dockerfile"),
        target: textOf(build, "target"),
        arguments: argumentsOf(valueOf(build, "args"), lines),
      });
    }
  }
  return builds;
}

function argumentsOf(args: unknown, lines: LineCounter): ComposeArgument[] {
  if (!isMap(args) && !isSeq(args)) return [];
  return args.items.flatMap((item): ComposeArgument[] => {
    const [key, value] = isPair(item) ? [item.key, item.value] : [item, item];
    if (!isScalar(key) || (value !== null && !isScalar(value))) return [];
    const text = value === null ? "" : scalarText(value.value);
    const name = String(key.value).replace(/=.*$/s, "");
    const start = key.range?.[0] ?? 0;
    const end = Math.max(start, (value?.range?.[1] ?? start) - 1);
    const variables = [...text.matchAll(/(?<!\$)\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))/g)].map(
      (m) => m[1] ?? m[2] ?? "",
    );
    // An argument without a value takes that of the variable of its name.
    const isBare = isPair(item) ? text === "" : !text.includes("=");
    return [
      {
        ...{ name, line: lines.linePos(start).line, endLine: lines.linePos(end).line },
        variables: isBare ? [name] : variables,
      },
    ];
  });
}

function scalarText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function valueOf(node: unknown, key: string): unknown {
  return isMap(node) ? node.get(key, true) : undefined;
}

function textOf(node: YAMLMap, key: string): string {
  const value = node.get(key);
  return typeof value === "string" ? value : "";
}
