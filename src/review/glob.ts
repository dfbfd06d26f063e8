/**
 * Whether a path matches a pattern in which `*` stands for any text (folders as well) and `?` for one character: the whole path, or all from one of its
 * folders on. Takes time in proportion to both lengths at most, whatever the pattern.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  return matchesWhole(path, pattern) || (!pattern.startsWith("*") && matchesWhole(path, `*/${pattern}`));
}

function matchesWhole(text: string, pattern: string): boolean {
  let [at, asked] = [0, 0];
  // Where the last star stands, and how much it has taken so far: on a mismatch it takes one more.
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    const wanted = pattern[asked];
    if (wanted === "*") {
      star = asked++;
      taken = at;
    } else if (wanted === "?" || wanted === text[at]) {
      at++;
      asked++;
    } else if (star >= 0) {
      asked = star + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[asked] === "*") asked++;
  return asked === pattern.length;
}
