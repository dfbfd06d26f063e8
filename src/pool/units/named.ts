import { bytesInMemory, containerKindOf, isLaterVolume, laterVolumeMessage } from "../../content/containers/index.ts";
import type { NamedUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { OtherCopies } from "./other-copies.ts";

/** Asks the rules on paths of objects whose paths are known now, and tells later parts of divided archives, which their names alone tell. What cannot be read was told when it was scanned. */
export function lookAtNamed({ folders, idBytes, files }: NamedUnit, task: Task, out: ResultBuilder): void {
  using objects = new OtherCopies(folders, idBytes);
  let last: { readonly content: string; readonly bytes: Buffer | undefined } | undefined;
  files.forEach(({ content, path }, ordinal) => {
    const mayBeVolume = isLaterVolume(path);
    if (!mayBeVolume && !task.detector.files.asks(path)) return;
    if (task.cancelled()) return out.skip("interrupted");
    if (!task.begin(ordinal)) return out.problem("worker-crashed", "incomplete", content, crashMessage);
    if (last?.content !== content) last = { content, bytes: objects.find(content)?.bytes };
    const { bytes } = last;
    if (bytes === undefined) return;
    if (mayBeVolume && bytes.length > 0 && containerKindOf(bytesInMemory(bytes)) === undefined)
      out.problem("unsupported", "incomplete", path, laterVolumeMessage);
    const detections = task.detector.files.look(path, bytes, bytes.length);
    if (detections.length > 0) out.part(content, { ...nothing, detections });
    task.inside(bytes.length);
  });
}

const nothing = { detections: [], suppressed: {}, judged: new Map(), limited: false };
