import { functions } from "./functions.ts";
import type { Expression, Nodes, Parsed, Pipe } from "./parse.ts";
import { FindingValue, isList, isTrue, sortedKeys, TemplateFault, textOf, type Value } from "./values.ts";

/** Templates that name each other in a circle end here. */
const maxCalls = 100;

/** Runs a template over its data; gives the text piece by piece. Throws TemplateFault. */
export function* runTemplate(template: Parsed, data: Value): Iterable<string> {
  yield* new Runner(template).run(template.body, data, [{ name: "$", value: data }]);
}

interface Variable {
  readonly name: string;
  value: Value;
}

/** What ends a pass of a `range` early. */
type Leap = "break" | "continue" | undefined;

class Runner {
  readonly #template: Parsed;
  #calls = 0;

  constructor(template: Parsed) {
    this.#template = template;
  }

  *run(nodes: Nodes, dot: Value, variables: Variable[]): Generator<string, Leap> {
    const depth = variables.length;
    try {
      for (const node of nodes) {
        switch (node.kind) {
          case "text":
            yield node.text;
            break;
          case "action": {
            const value = this.#pipe(node.pipe, dot, variables);
            if (node.pipe.names.length === 0) yield textOf(value);
            break;
          }
          case "break":
          case "continue":
            return node.kind;
          case "template":
            yield* this.#call(
              node.name,
              node.pipe === undefined ? null : this.#pipe(node.pipe, dot, variables),
              node.line,
            );
            break;
          default: {
            const before = variables.length;
            const leap = yield* this.#branch(node, dot, variables);
            variables.length = before;
            if (leap !== undefined) return leap;
          }
        }
      }
      return undefined;
    } finally {
      variables.length = depth;
    }
  }

  *#branch(
    node: Extract<Nodes[number], { readonly body: Nodes }>,
    dot: Value,
    variables: Variable[],
  ): Generator<string, Leap> {
    const { kind, pipe, body, otherwise } = node;
    if (kind === "range") return yield* this.#range(node, dot, variables);
    const value = this.#pipe(pipe, dot, variables);
    if (!isTrue(value)) return yield* this.run(otherwise, dot, variables);
    return yield* this.run(body, kind === "with" ? value : dot, variables);
  }

  *#range(
    { pipe, body, otherwise }: Extract<Nodes[number], { readonly body: Nodes }>,
    dot: Value,
    variables: Variable[],
  ): Generator<string, Leap> {
    const items = this.#items(this.#pipe({ ...pipe, names: [] }, dot, variables), pipe.line);
    if (items.length === 0) return yield* this.run(otherwise, dot, variables);
    const before = variables.length;
    for (const [key, value] of items) {
      const [first, second] = pipe.names;
      if (second !== undefined) this.#set(pipe, first!, key, variables);
      if (first !== undefined) this.#set(pipe, second ?? first, value, variables);
      const leap = yield* this.run(body, value, variables);
      variables.length = before;
      if (leap === "break") break;
    }
    return undefined;
  }

  #items(value: Value, line: number): readonly (readonly [Value, Value])[] {
    if (value === null) return [];
    if (typeof value === "number") return Array.from({ length: Math.max(0, Math.trunc(value)) }, (_one, i) => [i, i]);
    if (isList(value)) return value.map((item, i) => [i, item]);
    if (value instanceof Map) return sortedKeys(value).map((key) => [key, value.get(key) ?? null]);
    throw new TemplateFault(`range cannot go over ${textOf(value).slice(0, 40)}`, line);
  }

  *#call(name: string, dot: Value, line: number): Generator<string, void> {
    const nodes = this.#template.named.get(name);
    if (nodes === undefined) throw new TemplateFault(`there is no template ${name}`, line);
    if (++this.#calls > maxCalls) throw new TemplateFault(`template ${name} calls itself without end`, line);
    yield* this.run(nodes, dot, [{ name: "$", value: dot }]);
    this.#calls--;
  }

  #pipe(pipe: Pipe, dot: Value, variables: Variable[]): Value {
    let last: Value | undefined;
    for (const command of pipe.commands) last = this.#command(command, dot, variables, last, pipe.line);
    const value = last ?? null;
    for (const name of pipe.names) this.#set(pipe, name, value, variables);
    return value;
  }

  #set({ declares, line }: Pipe, name: string, value: Value, variables: Variable[]): void {
    if (declares) {
      variables.push({ name, value });
      return;
    }
    const known = variables.findLast((variable) => variable.name === name);
    if (known === undefined) throw new TemplateFault(`there is no variable ${name}`, line);
    known.value = value;
  }

  #command(
    [first, ...rest]: readonly Expression[],
    dot: Value,
    variables: Variable[],
    piped: Value | undefined,
    line: number,
  ): Value {
    if (first?.kind === "function") {
      const { name } = first;
      const args = rest.map((one) => () => this.#value(one, dot, variables, line));
      const all = piped === undefined ? args : [...args, () => piped];
      // These two look at no more than they need.
      if (name === "and" || name === "or") {
        let value: Value = null;
        for (const arg of all) {
          value = arg();
          if (isTrue(value) === (name === "or")) break;
        }
        return value;
      }
      const run = functions.get(name);
      if (run === undefined) throw new TemplateFault(`there is no function ${name}`, line);
      try {
        return run(...all.map((arg) => arg()));
      } catch (error) {
        if (error instanceof TemplateFault || !(error instanceof Error)) throw error;
        throw new TemplateFault(`${name}: ${error.message}`, line);
      }
    }
    if (rest.length > 0 || piped !== undefined)
      throw new TemplateFault("a value that is no function has arguments", line);
    return this.#value(first!, dot, variables, line);
  }

  #value(expression: Expression, dot: Value, variables: Variable[], line: number): Value {
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "function":
        return this.#command([expression], dot, variables, undefined, line);
      case "dot":
        return fieldsOf(dot, expression.fields, line);
      case "pipe":
        return fieldsOf(this.#pipe(expression.pipe, dot, variables), expression.fields, line);
      case "variable": {
        const known = variables.findLast(({ name }) => name === expression.name);
        if (known === undefined) throw new TemplateFault(`there is no variable ${expression.name}`, line);
        return fieldsOf(known.value, expression.fields, line);
      }
    }
  }
}

function fieldsOf(value: Value, fields: readonly string[], line: number): Value {
  let current = value;
  for (const field of fields) {
    if (current instanceof FindingValue) {
      const next = current.fields.get(field);
      if (next === undefined) throw new TemplateFault(`a finding has no field ${field}`, line);
      current = next;
    } else if (current instanceof Map) current = (current.get(field) as Value | undefined) ?? null;
    else throw new TemplateFault(`${textOf(current).slice(0, 40)} has no field ${field}`, line);
  }
  return current;
}
