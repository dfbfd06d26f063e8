import { isDigest } from "../../content/digest.ts";
import { asArray, asRecord, asText, asTextRecord, asTexts } from "../../content/json.ts";
import type { ConfigContent } from "./plan.ts";

/** What an image's configuration tells (OCI image specification, config.md, and Docker's additions). */
export interface ImageConfig {
  readonly diffIds: readonly string[];
  readonly platform: string;
  /** The instruction of each layer; empty where the history does not fit the layers. */
  readonly instructions: readonly string[];
  readonly contents: readonly ConfigContent[];
}

/** Reads a parsed configuration; undefined for what is no object. */
export function readConfig(value: unknown): ImageConfig | undefined {
  const config = asRecord(value);
  if (config === undefined) return undefined;
  const diffIds = asTexts(asRecord(config["rootfs"])?.["diff_ids"]).filter(isDigest);
  return {
    diffIds,
    platform: platformOf(config),
    instructions: readInstructions(config["history"], diffIds.length),
    contents: configContents(config),
  };
}

/** `os/architecture[/variant]`; empty when unknown. */
export function platformOf(value: unknown): string {
  const record = asRecord(value) ?? {};
  const os = asText(record["os"]);
  const architecture = asText(record["architecture"]);
  const variant = asText(record["variant"]);
  if (os === "" || architecture === "" || os === "unknown") return "";
  return variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** One instruction for each layer. History is optional and tools write less of it than there are layers: then it tells nothing about any one. */
function readInstructions(history: unknown, layers: number): readonly string[] {
  const steps = asArray(history).map((step) => asRecord(step) ?? {});
  const filled = steps.filter((step) => step["empty_layer"] !== true);
  return filled.length === layers ? filled.map((step) => asText(step["created_by"])) : [];
}

/** Every text of a configuration that a person or a build wrote, each with its place. */
function configContents(config: Readonly<Record<string, unknown>>): ConfigContent[] {
  const contents: ConfigContent[] = [];
  const add: AddText = (place, text, query) => {
    if (text !== "") contents.push({ place: `config!${place}`, text, ...(query === undefined ? {} : { query }) });
  };
  const containers = [
    ["", config["config"]],
    ["container_config.", config["container_config"]],
  ] as const;
  for (const [prefix, value] of containers) addContainer(prefix, asRecord(value) ?? {}, add);
  asArray(config["history"]).forEach((step, index) => {
    const entry = asRecord(step) ?? {};
    add(`history[${index}]`, asText(entry["created_by"]), `.history[${index}].created_by`);
    for (const field of ["comment", "author"])
      add(`history[${index}].${field}`, asText(entry[field]), `.history[${index}].${field}`);
  });
  const known = new Set(["config", "container_config", "history", "rootfs"]);
  for (const [key, value] of Object.entries(config)) if (!known.has(key)) addLeaves(key, value, add, 0);
  return contents;
}

type AddText = (place: string, text: string, query?: string) => unknown;

const commands = ["Cmd", "Entrypoint", "OnBuild", "Shell"] as const;

function addContainer(prefix: string, container: Readonly<Record<string, unknown>>, add: AddText): void {
  const field = prefix === "" ? ".config" : `.${prefix.slice(0, -1)}`;
  asArray(container["Env"]).forEach((variable, index) => {
    if (typeof variable !== "string") return;
    const equals = variable.indexOf("=");
    const name = equals < 0 ? variable : variable.slice(0, equals);
    add(`${prefix}Env[${name}]`, variable, `${field}.Env[${index}]`);
  });
  for (const [name, value] of asTextRecord(container["Labels"])) {
    const key = JSON.stringify(name);
    add(`${prefix}Labels[${name}]`, `${name}=${value}`, `${key} + "=" + ${field}.Labels[${key}]`);
  }
  for (const name of commands) add(`${prefix}${name}`, asCommand(container[name]));
  const health = asRecord(container["Healthcheck"]) ?? {};
  add(`${prefix}Healthcheck`, asCommand(health["Test"]));
  const known = new Set<string>(["Env", "Labels", "Healthcheck", ...commands]);
  for (const [key, value] of Object.entries(container))
    if (!known.has(key)) addLeaves(`${prefix}${key}`, value, add, 0);
}

/** A command in exec or shell form as one line. */
function asCommand(value: unknown): string {
  return typeof value === "string" ? value : asTexts(value).join(" ");
}

/** Nesting of fields that nobody has specified; documents that nest deeper are scanned as one text as well. */
export const MAX_LEAF_DEPTH = 16;

/** The texts below a field of a document, each with its place; `isTold` leaves some out by the name of their member. */
export function leafTexts(
  place: string,
  value: unknown,
  isTold: (key: string, text: string) => boolean,
): readonly ConfigContent[] {
  const contents: ConfigContent[] = [];
  addLeaves(place, value, (at, text) => text !== "" && contents.push({ place: at, text }), 0, isTold);
  return contents;
}

/** All texts below a field that has no reading of its own; names count too, as in `Volumes`. */
function addLeaves(
  place: string,
  value: unknown,
  add: AddText,
  depth: number,
  isTold: (key: string, text: string) => boolean = () => true,
): void {
  if (depth > MAX_LEAF_DEPTH) return;
  if (typeof value === "string") {
    if (isTold("", value)) add(place, value);
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => addLeaves(`${place}[${index}]`, item, add, depth + 1, isTold));
  } else {
    for (const [key, item] of Object.entries(asRecord(value) ?? {})) {
      if (typeof item !== "string") {
        if (!isTold(key, "")) continue;
        // The names are all that such a member tells.
        if (isEmpty(item)) add(`${place}[${key}]`, key);
        addLeaves(`${place}[${key}]`, item, add, depth + 1, isTold);
      } else if (isTold(key, item)) add(`${place}[${key}]`, `${key}=${item}`);
    }
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}
