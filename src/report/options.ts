import type { FindingSighting } from "../model/finding.ts";
import type { Template } from "./template/index.ts";

/** How much of a secret a report shows. `redact` is gitleaks' `--redact=P`: P percent of the value are cut off its end. */
export type Secrecy =
  | { readonly kind: "mask" }
  | { readonly kind: "reveal" }
  | { readonly kind: "redact"; readonly percent: number };

export interface ReportOptions {
  readonly secrecy: Secrecy;
  /** Escape codes for colour; text only. */
  readonly colour: boolean;
  /** Columns to wrap at; Infinity does not wrap, as for pipes and files. Text only. */
  readonly width: number;
  /** No character outside ASCII in what the report itself writes. Text only. */
  readonly ascii: boolean;
  /** What the format `template` writes by. */
  readonly template?: Template;
  /** The web page of a place, where one is known. */
  readonly linkOf?: (sighting: FindingSighting) => string | undefined;
}

/** What a report to a file is written with: masked, plain, unwrapped. */
export const plainOptions: ReportOptions = { secrecy: { kind: "mask" }, colour: false, width: Infinity, ascii: false };
