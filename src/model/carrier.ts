/** An instruction of a build file that takes what lies at a place into an image. */
export interface Carrier {
  /** For people: `COPY . .`, or the name alone where its lines hold the place themselves. */
  readonly instruction: string;
  /** The build file, from the root of what was scanned, and the line. */
  readonly file: string;
  readonly line: number;
  /** What of the image holds it then. */
  readonly into: "layer" | "config" | "history";
  /** The lines of the place that are meant; absent: all of the file. */
  readonly lines?: { readonly from: number; readonly to: number };
  /** The folder that is the build's context, where it is not the root. */
  readonly context?: string;
  /** The path in the image. */
  readonly path?: string;
  /** The line of the instruction before, which brought it into the stage that it is copied from. */
  readonly after?: number;
  /** The stage that gets it, where this is not a part of the image: its layers stay in the cache of builds. */
  readonly stage?: string;
}

/** What a carrier does, for people. Not escaped yet. */
export function carrierText({ instruction, file, line, into, path, stage, after }: Carrier): string {
  const where = `${instruction} (${file} line ${line}${after === undefined ? "" : `, after line ${after}`})`;
  const at = path === undefined ? "" : ` as ${path}`;
  if (stage !== undefined)
    return `${where} carries it into stage ${stage}${at}: not in the image, but in the build's cache`;
  if (into === "layer") return `${where} carries it into the image${at}`;
  return `${where} writes it into the image's ${into === "config" ? "configuration" : "history"}`;
}

/** Those of a file's carriers that are about one of its lines. */
export function carriersAt(carriers: readonly Carrier[], line: number): readonly Carrier[] {
  return carriers.filter(({ lines }) => lines === undefined || (lines.from <= line && line <= lines.to));
}
