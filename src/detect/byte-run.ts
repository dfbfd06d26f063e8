/**
 * Whether `bytes[from … to-1]` holds `least` neighbouring bytes that are members. Looks at every `least`-th byte first, so most bytes of a
 * text without such a run are never read.
 */
export function hasRun(bytes: Uint8Array, from: number, to: number, members: Uint8Array, least: number): boolean {
  let floor = from;
  let at = from + least - 1;
  while (at < to) {
    if (members[bytes[at]!] === 0) {
      floor = at + 1;
      at += least;
      continue;
    }
    let low = at;
    while (low > floor && members[bytes[low - 1]!] === 1) low--;
    const end = low + least;
    let high = at + 1;
    while (high < end && high < to && members[bytes[high]!] === 1) high++;
    if (high === end) return true;
    floor = high + 1;
    at = high + least;
  }
  return false;
}
