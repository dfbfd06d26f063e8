/** Builds that a Compose file asks for (Compose specification, "build"): contexts, Dockerfiles, targets and arguments. */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from "yaml";

export interface ComposeBuild {
  readonly service: string;
  /** As it is written: from the folder of the Compose file. */
  readonly context: string;
  /** From the context. */
  readonly dockerfile: string;
  readonly target: string;
  /** A Dockerfile that stands in the Compose file itself (`dockerfile_inline`), moved down so that its lines are those of the file; empty where there is none. */
  readonly inline: string;
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

/** Maps that take members of maps that do; real files have one or two levels. */
const maxLevels = 16;
/** Members that are looked through for one; a few lines can make billions of them. */
const maxLooks = 10_000;

/** Reads a Compose file; what is none, or asks for no build, gives nothing. */
export function parseCompose(text: string): readonly ComposeBuild[] {
  const lines = new LineCounter();
  let document: Document;
  let find: ReturnType<typeof finderIn>;
  try {
    document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
    find = finderIn(document);
  } catch {
    return []; // Nested so deep that the stack did not do.
  }
  const textOf = (node: unknown, key: string): string => {
    const value = find(node, key);
    return isScalar(value) && typeof value.value === "string" ? value.value : "";
  };
  const services = find(document.contents, "services");
  if (!isMap(services)) return [];
  const builds: ComposeBuild[] = [];
  for (const item of services.items) {
    const build = find(item.value, "build");
    const service = isScalar(item.key) ? String(item.key.value) : "";
    if (isScalar(build) && typeof build.value === "string") {
      builds.push({ service, context: build.value, dockerfile: "", target: "", inline: "", arguments: [] });
    } else if (isMap(build)) {
      builds.push({
        service,
        context: textOf(build, "context") || ".",
        dockerfile: textOf(build, "dockerfile"),
        target: textOf(build, "target"),
        inline: inlineOf(find(build, "dockerfile_inline"), lines),
        arguments: argumentsOf(find(build, "args"), lines),
      });
    }
  }
  return builds;
}

/** Finds a member of a map, aliases (`*name`) followed; what a map takes from others (`<<`) counts after its own. */
function finderIn(document: Document): (node: unknown, key: string) => unknown {
  let looks = 0;
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_, node) {
      if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  const resolved = (node: unknown): unknown => (isAlias(node) ? anchors.get(node.source) : node);
  const find = (node: unknown, key: string, level: number): unknown => {
    const map = resolved(node);
    if (!isMap(map) || level > maxLevels || looks++ > maxLooks) return undefined;
    const own = resolved(map.get(key, true));
    if (own !== undefined) return own;
    const merged = resolved(map.get("<<", true));
    for (const from of isSeq(merged) ? merged.items : [merged]) {
      const found = find(from, key, level + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (node, key) => find(node, key, 0);
}

/** A block begins in the line below its sign. */
function inlineOf(node: unknown, lines: LineCounter): string {
  if (!isScalar(node) || typeof node.value !== "string") return "";
  const isBlock = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
  const { line } = lines.linePos(node.range?.[0] ?? 0);
  return "\n".repeat(isBlock ? line : line - 1) + node.value;
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
