/** The limits of rules, in bytes unless said otherwise. */

/** Room on both sides of a window for `\b` and `^` to see what stands next to a match. */
export const windowMargin = 8;
/** How far back from a keyword an unbounded prefix is followed: names in front of a keyword are far shorter. */
export const maxUnboundedBefore = 512;
/** How far a window goes where the regex is unbounded or wider, unless the rule says `window = N`: values on one line are shorter. */
export const maxDefaultReach = 1_024;
/** The most that `window` may ask for: a private key of 16,384 bits is 12.7 KB of text. */
export const maxWindow = 16 * 1_024;
/**
 * Around each keyword a window is searched anew, so a text that is nothing but keywords costs its length times the window. A user's rule that needs
 * more than this (both sides together) is tried on whole contents instead, which reads them once.
 */
export const maxProvedWindow = 2 * 1_024;
/** A rule has a name that people read; a longer one is something else. Characters. */
export const maxIdLength = 256;
/** Configurations extend configurations to this depth, as in gitleaks. */
export const maxExtendDepth = 2;
