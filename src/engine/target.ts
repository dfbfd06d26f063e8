/** What a target names of an engine on this machine. */
export interface EngineTarget {
  readonly engine: Engine;
  readonly kind: "image" | "container";
  /** As the engine knows it; empty: all of them. */
  readonly name: string;
}

export type Engine = "docker" | "podman";

// `docker://host/name` is a reference, as skopeo writes it.
const form = /^(docker|podman)(-container)?:(?!\/\/)(.*)$/s;
/** Names, references and ids as engines have them; nothing else becomes a part of an address. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,511}$/;

/** Reads `docker:NAME`, `podman:NAME`, `docker-container:NAME`, `podman-container:NAME`, without a name for all; undefined for every other text. */
export function parseEngineTarget(text: string): EngineTarget | undefined {
  const [, engine, container, name = ""] = form.exec(text) ?? [];
  if (engine === undefined) return undefined;
  return {
    engine: engine === "docker" ? "docker" : "podman",
    kind: container === undefined ? "image" : "container",
    name,
  };
}

/** Whether an engine can know something by this name. */
export function isEngineName(name: string): boolean {
  return nameForm.test(name) && !name.split("/").some((part) => part === "" || part === "." || part === "..");
}
