import { join } from "node:path";
import { asRecord, parseJson } from "../content/json.ts";
import { EngineClient, parseEngineTarget, type EngineTarget, type SocketTarget } from "../engine/index.ts";
import { ToolError } from "../model/problem.ts";
import { shellWord } from "../model/shell-word.ts";
import type { Source } from "../model/source.ts";
import { openTemporaryFolder } from "../remote/temporary-folder.ts";
import { containerProofs, openContainer, openImage, streamProofs } from "../sources/image/index.ts";
import { openContainerdTarget } from "./containerd-target.ts";
import { withCopy } from "./copied-source.ts";
import { keepStream } from "./kept-stream.ts";
import type { ScanOptions } from "./options.ts";
import type { OpenContext } from "./request.ts";
import type { Target } from "./targets.ts";

/** `docker:` and its like without a name are all images, or all containers, of an engine: each is a target. Other targets stay as they are. */
export async function withEngineTargets(targets: readonly Target[], options: ScanOptions): Promise<readonly Target[]> {
  const found: Target[] = [];
  for (const target of targets) {
    const asked = parseEngineTarget(target.name);
    // What containerd has is told as one: contents of no image lie there as well.
    if (
      asked === undefined ||
      asked.name !== "" ||
      asked.engine === "containerd" ||
      (target.as !== "any" && target.as !== "image")
    ) {
      found.push(target);
      continue;
    }
    await using engine = clientOf(asked, options);
    const names = await (asked.kind === "image" ? engine.images() : engine.containers());
    if (names.length === 0) throw new ToolError("engine", `${asked.engine} has no ${asked.kind}s`);
    found.push(...names.map((name) => ({ ...target, name: `${target.name}${name}` })));
  }
  return found;
}

/** Brings an image or a container of an engine into a temporary folder and opens it. Throws ToolError where the engine does not give it. */
export async function openEngineTarget(
  name: string,
  asked: EngineTarget,
  options: ScanOptions,
  context: OpenContext,
): Promise<Source> {
  if (asked.engine === "containerd") return openContainerdTarget(name, asked, context);
  await using engine = clientOf(asked, options);
  const folder = openTemporaryFolder();
  const copy = { folder: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  const at = join(folder.path, "image.tar");
  const keep = async (stream: Promise<AsyncIterable<Uint8Array>>): Promise<void> => {
    context.received({ bytes: 0, objects: 0 });
    const onReceived = (bytes: number): void => context.received({ bytes, objects: 0 });
    await keepStream(await stream, { file: at, signal: context.signal, onReceived });
    context.received(undefined);
  };
  try {
    const word = shellWord(asked.name);
    if (asked.kind === "image") {
      await keep(engine.imageArchive(asked.name));
      const proofs = streamProofs(`${asked.engine} save ${word}`);
      return withCopy(await openImage(name, context, { format: "docker-archive", at, isOne: true, proofs }), copy, []);
    }
    const { document, config, ...facts } = await engine.container(asked.name);
    await keep(engine.containerFiles(asked.name));
    const told = { ...asRecord(parseJson(document)), Config: undefined, config };
    const proofs = containerProofs(`${asked.engine} export ${word}`, `${asked.engine} container inspect ${word}`);
    return withCopy(await openContainer(name, { ...facts, file: at, facts: told, proofs }, context), copy, []);
  } catch (error) {
    copy[Symbol.dispose]();
    throw error;
  }
}

/** A tag and nothing else, so that the words before it could be the image of that name. */
const tagForm = /^\w[\w.-]{0,127}$/;

function clientOf({ engine, kind, name }: SocketTarget, { plainHttp, signal }: ScanOptions): EngineClient {
  try {
    return new EngineClient(engine, { env: process.env, plainHttp, signal });
  } catch (error) {
    if (!(error instanceof ToolError) || kind !== "image" || !tagForm.test(name)) throw error;
    const hint = `The image ${engine} of Docker Hub is docker.io/library/${engine}:${name}. ${error.hint ?? ""}`.trim();
    throw new ToolError(error.code, error.message, { hint, cause: error });
  }
}
