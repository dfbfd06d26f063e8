/** Four of a masking sign, five x in a row, or a text that says that the value was taken out. */
const MASK =
  /[*•●█■▇#]{4}|…|\.{3}|[xX]{5}|\b(?:REDACTED|FILTERED|REMOVED|OMITTED|SCRUBBED|MASKED|CENSORED|SANITIZED)\b|^[<([{]{0,2}(?:redacted|filtered|removed|hidden|masked|sensitive(?: value)?|secret|concealed[^>]*|encrypted|scrubbed)[\])>}]{0,2}$|^[*•xX._-]+$|^(?:[^*]\*){3,}[^*]?$/;

/** Whether a value was masked before it got here (`AKIA****WXYZ`, `[REDACTED]`). */
export function isMasked(value: string): boolean {
  return MASK.test(value);
}

/** Whether what follows a value goes on with masking signs: the rule saw its beginning alone. */
export function isMaskedFrom(after: string): boolean {
  return /^(?:[*•●█■▇#]{4}|…)/.test(after);
}
