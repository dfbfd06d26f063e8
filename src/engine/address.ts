import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { asRecord, asText, parseJson } from "../content/json.ts";
import { ToolError } from "../model/problem.ts";
import type { SocketEngine } from "./target.ts";

/** Where an engine answers: a socket of this machine, or a host that was asked for. */
export type EngineAddress =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "host"; readonly origin: string };

export type Env = Readonly<Record<string, string | undefined>>;

/** Where engines listen unless they are told otherwise: the machine's, then the user's own. */
const usual: Readonly<Record<SocketEngine, (env: Env) => readonly string[]>> = {
  docker: (env) => [
    "/var/run/docker.sock",
    ...inRuntimeFolder(env, "docker.sock"),
    join(homeOf(env), ".docker/run/docker.sock"),
    join(homeOf(env), ".docker/desktop/docker.sock"),
  ],
  podman: (env) => [...inRuntimeFolder(env, "podman/podman.sock"), "/run/podman/podman.sock"],
};

const variables: Readonly<Record<SocketEngine, string>> = { docker: "DOCKER_HOST", podman: "CONTAINER_HOST" };

/**
 * Finds where an engine listens: what `DOCKER_HOST` or `CONTAINER_HOST` say, Docker's context, then the usual sockets. A host on the network is asked only
 * where `plainHttp` says so: nothing there proves who answers. Throws ToolError.
 */
export function findEngine(engine: SocketEngine, env: Env, plainHttp: boolean): EngineAddress {
  const variable = variables[engine];
  const named = env[variable] ?? "";
  if (named !== "") return readAddress(named, variable, plainHttp);
  const context = engine === "docker" ? hostOfContext(env) : "";
  if (context !== "") return readAddress(context, "Docker's context", plainHttp);
  const path = usual[engine](env).find((socket) => statSync(socket, { throwIfNoEntry: false })?.isSocket() === true);
  if (path !== undefined) return { kind: "socket", path };
  throw new ToolError("engine", `${engine} does not listen on this machine`, {
    hint: `Start it${engine === "podman" ? " (podman system service)" : ""}, or say where it listens: ${variable}=unix:///path`,
  });
}

/** Where containerd listens: its own, and those of systems that bring one along. */
const containerdSockets = [
  "/run/containerd/containerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/docker/containerd/containerd.sock",
  "/var/snap/microk8s/common/run/containerd.sock",
];

/**
 * Finds the socket of containerd: what `CONTAINERD_ADDRESS` says, as its own client has it, then the usual ones. Undefined where there is none. `isNamed`: the
 * user said so. Throws ToolError for what is no path.
 */
export function findContainerd(env: Env): { readonly socket: string; readonly isNamed: boolean } | undefined {
  const named = env["CONTAINERD_ADDRESS"] ?? "";
  if (named !== "") {
    const socket = named.replace(/^unix:\/\/(?=\/)/, "");
    if (socket.startsWith("/")) return { socket, isNamed: true };
    throw new ToolError("engine", "CONTAINERD_ADDRESS names no socket (/path)", {
      hint: "Sockets of this machine are read.",
    });
  }
  const socket = containerdSockets.find((path) => {
    try {
      return statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
    } catch {
      // In a folder that others may not look into.
      return true;
    }
  });
  return socket === undefined ? undefined : { socket, isNamed: false };
}

function readAddress(text: string, origin: string, plainHttp: boolean): EngineAddress {
  const socket = /^unix:\/\/(\/.*)$/s.exec(text)?.[1];
  if (socket !== undefined) return { kind: "socket", path: socket };
  const host = /^(?:tcp|http):\/\/((?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?)\/?$/.exec(text)?.[1];
  if (host !== undefined && plainHttp) return { kind: "host", origin: `http://${host}` };
  throw new ToolError(
    "engine",
    host === undefined ? `${origin} names no socket (unix:///path)` : `${origin} names a host on the network`,
    { hint: host === undefined ? "Sockets of this machine are read." : "With --plain-http it is asked, without TLS." },
  );
}

/** The host of the context that `docker context use` has chosen (`DOCKER_CONTEXT` counts before it); empty where it is the usual one. */
function hostOfContext(env: Env): string {
  const folder = env["DOCKER_CONFIG"] ?? join(homeOf(env), ".docker");
  const name = env["DOCKER_CONTEXT"] ?? asText(readObject(join(folder, "config.json"))["currentContext"]);
  if (name === "" || name === "default") return "";
  const id = createHash("sha256").update(name).digest("hex");
  const { Endpoints } = readObject(join(folder, "contexts/meta", id, "meta.json"));
  return asText(asRecord(asRecord(Endpoints)?.["docker"])?.["Host"]);
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(parseJson(readFileSync(path))) ?? {};
  } catch {
    return {};
  }
}

function inRuntimeFolder(env: Env, name: string): string[] {
  const folder = env["XDG_RUNTIME_DIR"] ?? "";
  return folder === "" ? [] : [join(folder, name)];
}

function homeOf(env: Env): string {
  return env["HOME"] ?? homedir();
}
