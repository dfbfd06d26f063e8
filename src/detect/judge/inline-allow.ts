/**
 * Marks by which people silence a scanner in a line, of this program and of its peers. `nosec` and `noqa` count only as words of a comment:
 * they have other meanings elsewhere.
 */
const MARKS =
  /leaktrace:allow|gitleaks:allow|betterleaks:allow|trufflehog:ignore|titus:ignore|kingfisher:ignore|secretlint-disable|ggignore|pragma: ?(?:allowlist|whitelist) secret|checkov:skip=CKV_SECRET|(?:#|\/\/|\/\*|--|;|<!--|\s)\s*(?:nosec\b|noqa: ?S10[567]|nosemgrep\b)/;

/** Whether the line says that its secret is known and accepted. */
export function hasAllowMark(line: string): boolean {
  return MARKS.test(line);
}
