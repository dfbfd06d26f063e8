import type { Encoding } from "./encoding.ts";
import { wideKinds } from "../kernel/marks.ts";
import { leastWide, leastWider, widerText, wideText } from "./wide-text.ts";

/** An encoding that is looked for in all of a content, once a part of it was seen. */
export interface WideSearch {
  readonly encoding: Encoding;
  /** The kernel's bit for it. */
  readonly kind: number;
  /** Bytes of its shortest run. */
  readonly least: number;
}

export const wideSearches: readonly WideSearch[] = [
  { encoding: wideText, kind: wideKinds.utf16, least: leastWide },
  { encoding: widerText, kind: wideKinds.utf32, least: leastWider },
];
