/**
 * report: a `Report` as text, one file for each format, and writing it so that no reader ever sees half of one.
 * Masked unless asked otherwise. Never decides anything: what is in the report is shown, in the report's order.
 */
export { bytesText, counted, countText } from "./amounts.ts";
export { chooseFormat, formatNames, formats, type Format, type FormatName } from "./formats.ts";
export { plainOptions, type ReportOptions, type Secrecy } from "./options.ts";
export { placeLines } from "./places.ts";
export { problemText, summaryLine } from "./summary.ts";
export { loadWidths, wrap } from "./wrap.ts";
export { checkWritable, writeLines, writeReport } from "./write.ts";
export { readTemplate, type Template } from "./template/index.ts";
