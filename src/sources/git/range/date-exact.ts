import {
  isDigit,
  isLetter,
  localSeconds,
  matchName,
  matchNumbers,
  monthNames,
  readNumber,
  secondsOf,
  setDate,
  setTime,
  utcParts,
  weekdayNames,
  type DateParts,
} from "./date-digits.ts";

/** Hours east of Greenwich by name, summer time included; those that git knows. */
const zones: ReadonlyMap<string, number> = new Map([
  ...([
    ["IDLW", -12],
    ["NT", -11],
    ["CAT", -10],
    ["HST", -10],
    ["HDT", -9],
    ["YST", -9],
    ["YDT", -8],
  ] as const),
  ...([
    ["PST", -8],
    ["PDT", -7],
    ["MST", -7],
    ["MDT", -6],
    ["CST", -6],
    ["CDT", -5],
    ["EST", -5],
    ["EDT", -4],
  ] as const),
  ...([
    ["AST", -3],
    ["ADT", -2],
    ["WAT", -1],
    ["GMT", 0],
    ["UTC", 0],
    ["Z", 0],
    ["WET", 0],
    ["BST", 1],
  ] as const),
  ...([
    ["MET", 1],
    ["MEWT", 1],
    ["MEST", 2],
    ["CET", 1],
    ["CEST", 2],
    ["MESZ", 2],
    ["FWT", 1],
    ["FST", 2],
  ] as const),
  ...([
    ["EET", 2],
    ["EEST", 3],
    ["WAST", 7],
    ["WADT", 8],
    ["CCT", 8],
    ["JST", 9],
    ["EAST", 10],
    ["EADT", 11],
  ] as const),
  ...([
    ["GST", 10],
    ["NZT", 12],
    ["NZST", 12],
    ["NZDT", 13],
    ["IDLE", 12],
  ] as const),
]);

/** What is known of a date while it is read. */
interface Reading {
  readonly parts: DateParts;
  /** Minutes east of Greenwich. */
  offset: number | undefined;
  /** The parts are UTC whatever zone is named: they were given as seconds since 1970. */
  isUtc: boolean;
}

/** From this many on a number is seconds since 1970; below it can be a date without marks, 20240131. */
const firstSeconds = 100_000_000;

/**
 * Reads a full date: ISO 8601, RFC 2822, `1700000000`, `@1700000000 +0100`, and most of what people write. Gives seconds since 1970, undefined
 * where date or time of day is not complete. `now` decides between day and month where both would do. Follows git's date formats.
 */
export function readExactDate(text: string, now: number): number | undefined {
  const stamped = /^@(\d{1,15}) [+-]\d{4}$/.exec(text)?.[1];
  if (stamped !== undefined) return Number(stamped);
  const parts = { year: -1, month: -1, day: -1, hour: -1, minute: -1, second: -1, weekday: 0 };
  const reading: Reading = { parts, offset: undefined, isUtc: false };
  for (let at = 0; at < text.length && text[at] !== "\n";) {
    const character = text[at];
    let end = 0;
    if (isLetter(character)) end = readWord(text, at, reading);
    else if (isDigit(character)) end = readDigits(text, at, reading, now);
    else if ((character === "-" || character === "+") && isDigit(text[at + 1]) && parts.hour !== -1)
      end = readZone(text, at, reading);
    at = end > at ? end : at + 1;
  }
  const seconds = secondsOf(parts);
  if (seconds === undefined) return undefined;
  if (reading.isUtc) return seconds;
  // Without a zone it is the time where the program runs.
  return reading.offset === undefined ? localSeconds(parts) : seconds - reading.offset * 60;
}

function readWord(text: string, at: number, reading: Reading): number {
  const { parts } = reading;
  const month = monthNames.findIndex((name) => matchName(text, at, name) >= 3);
  if (month >= 0) {
    parts.month = month;
    return at + matchName(text, at, monthNames[month]!);
  }
  const weekday = weekdayNames.find((name) => matchName(text, at, name) >= 3);
  if (weekday !== undefined) return at + matchName(text, at, weekday);
  for (const [name, hours] of zones) {
    const length = matchName(text, at, name);
    if (length < 3 && length !== name.length) continue;
    reading.offset ??= hours * 60;
    return at + length;
  }
  if (matchName(text, at, "PM") === 2) parts.hour = (parts.hour % 12) + 12;
  else if (matchName(text, at, "AM") === 2) parts.hour %= 12;
  else if (text[at] === "T" && isDigit(text[at + 1]) && parts.hour === -1) {
    parts.minute = parts.second = 0;
    return at + 1;
  } else {
    let end = at + 1;
    while (isLetter(text[end])) end++;
    return end;
  }
  return at + 2;
}

function readDigits(text: string, at: number, reading: Reading, now: number): number {
  const { parts } = reading;
  const { value, end } = readNumber(text, at);
  const isEmpty = Object.entries(parts).every(([name, part]) => name === "weekday" || part === -1);
  if (value >= firstSeconds && isEmpty && value < 8_640_000_000_000) {
    Object.assign(parts, utcParts(value));
    reading.isUtc = true;
    return end;
  }
  if (/[:./-]/.test(text[end] ?? "") && isDigit(text[end + 1])) {
    const after = matchNumbers(text, at, parts, now);
    if (after > 0) return after;
  }
  const digits = end - at;
  if (digits === 8 || digits === 6) {
    const [a, b, c] = [Math.trunc(value / 10_000), Math.trunc((value % 10_000) / 100), value % 100] as const;
    if (digits === 8) setDate(parts, [a, b, c], now, undefined);
    else if (setTime(parts, a, b, c) && text[end] === "." && isDigit(text[end + 1]))
      return readNumber(text, end + 1).end;
    return end;
  }
  if (parts.hour === -1 && parts.minute === 0 && parts.second === 0) {
    // After the T of ISO 8601: hours, or hours and minutes.
    const hour = digits === 4 ? Math.trunc(value / 100) : value;
    if ((digits === 4 || digits === 2) && setTime(parts, hour, digits === 4 ? value % 100 : 0, 0)) return end;
    parts.minute = parts.second = -1;
  }
  if (digits === 4) {
    if (value <= 1400 && reading.offset === undefined) reading.offset = Math.trunc(value / 100) * 60 + (value % 100);
    else if (value > 1900 && value < 2100) parts.year = value - 1900;
    return end;
  }
  if (digits > 2) return end;
  if (value > 0 && value < 32 && parts.day < 0) {
    parts.day = value;
    return end;
  }
  if (digits === 2 && parts.year < 0) {
    if (value < 10 && parts.day >= 0) {
      parts.year = value + 100;
      return end;
    }
    if (value >= 70) {
      parts.year = value;
      return end;
    }
  }
  if (value > 0 && value < 13 && parts.month < 0) parts.month = value - 1;
  return end;
}

/** `+0100`, `+01`, `+01:00`. */
function readZone(text: string, at: number, reading: Reading): number {
  const first = readNumber(text, at + 1);
  const digits = first.end - at - 1;
  let { value: hours, end } = first;
  let minutes = 0;
  if (digits === 4) {
    minutes = hours % 100;
    hours = Math.trunc(hours / 100);
  } else if (digits !== 2) return end;
  else if (text[end] === ":") {
    const after = readNumber(text, end + 1);
    minutes = after.value;
    end = after.end;
    if (end - at - 1 !== 5) return end;
  }
  if (minutes < 60 && hours < 24) reading.offset = (text[at] === "-" ? -1 : 1) * (hours * 60 + minutes);
  return end;
}
