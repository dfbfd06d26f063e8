/** Engines that speak Docker's API. */
export type SocketEngine = "docker" | "podman";

interface NamedPart {
  readonly kind: "image" | "container";
  /** As the engine knows it; empty: all of them. */
  readonly name: string;
}

/** What a target names of an engine that speaks Docker's API. */
export interface SocketTarget extends NamedPart {
  readonly engine: SocketEngine;
}

/** What a target names of containerd. */
export interface ContainerdTarget extends NamedPart {
  readonly engine: "containerd";
}

/** What a target names of an engine on this machine. */
export type EngineTarget = SocketTarget | ContainerdTarget;

// `docker://host/name` is a reference, as skopeo writes it.
const form = /^(docker|podman)(-container)?:(?!\/\/)(.*)$/s;
// What looks like a path is the folder of containerd.
const containerdForm = /^(containerd)(-container)?:(?![./])(.*)$/s;
/** Names, references and ids as engines have them; nothing else becomes a part of an address. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,511}$/;

/** Reads `docker:NAME`, `podman:NAME`, `containerd:NAME`, `docker-container:NAME` and its like, without a name for all; undefined for every other text. */
export function parseEngineTarget(text: string): EngineTarget | undefined {
  const [, engine, container, name = ""] = form.exec(text) ?? containerdForm.exec(text) ?? [];
  const part = { kind: container === undefined ? "image" : "container", name } as const;
  switch (engine) {
    case "docker":
    case "podman":
    case "containerd":
      return { engine, ...part };
    default:
      return undefined;
  }
}

/** Whether an engine can know something by this name. */
export function isEngineName(name: string): boolean {
  return nameForm.test(name) && !name.split("/").some((part) => part === "" || part === "." || part === "..");
}
