/** The parts of a date that were found so far, as C's `struct tm` has them: months from 0, years from 1900, -1 for what is not known yet. */
export interface DateParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
}

export const monthNames = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];
export const weekdayNames = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];

const daySeconds = 86_400;
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/** A date further ahead of now than this is read another way round: 1/12 or 12/1. */
const futureSeconds = 10 * daySeconds;

/** How many characters of `text` at `at` a name begins with, letter case aside; 0 when the word there is not the beginning of it. */
export function matchName(text: string, at: number, name: string): number {
  let i = 0;
  for (; at + i < text.length; i++) {
    const character = text[at + i]!;
    if (character.toLowerCase() === (name[i] ?? "").toLowerCase()) continue;
    if (!/[A-Za-z0-9]/.test(character)) break;
    return 0;
  }
  return i;
}

/** Digits at a place: their value, and where they end. */
export function readNumber(text: string, at: number): { value: number; end: number } {
  let end = at;
  while (end < text.length && isDigit(text[end])) end++;
  return { value: Number(text.slice(at, end)), end };
}

export function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

export function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z]/.test(character);
}

/** Seconds since 1970 of parts that are taken as UTC; undefined for what is incomplete or outside of 1970 to 2099. */
export function secondsOf({ year, month, day, hour, minute, second }: DateParts): number | undefined {
  const years = year - 70;
  if (years < 0 || years > 129 || month < 0 || month > 11) return undefined;
  const days = month < 2 || (years + 2) % 4 !== 0 ? day - 1 : day;
  if (hour < 0 || minute < 0 || second < 0) return undefined;
  const leapDays = Math.trunc((years + 1) / 4);
  return (years * 365 + leapDays + daysBefore[month]! + days) * daySeconds + hour * 3600 + minute * 60 + second;
}

/** Sets the time of day; false for what is none. */
export function setTime(parts: DateParts, hour: number, minute: number, second: number): boolean {
  // A minute can have a sixty-first second.
  if (hour < 0 || hour > 24 || minute < 0 || minute >= 60 || second < 0 || second > 61) return false;
  Object.assign(parts, { hour, minute, second });
  return true;
}

/**
 * Sets the date; false for what is none. Without a year (`year` -1) that of `today` counts, if given. With `today` a date that is much later
 * than `now` is refused.
 */
export function setDate(
  parts: DateParts,
  [year, month, day]: readonly [number, number, number],
  now: number,
  today: DateParts | undefined,
): boolean {
  if (month <= 0 || month >= 13 || day <= 0 || day >= 32) return false;
  const check = today === undefined ? parts : { ...parts };
  check.month = month - 1;
  check.day = day;
  if (year === -1) {
    // Month and day alone are kept; the caller goes on trying.
    if (today === undefined) return false;
    check.year = today.year;
  } else if (year >= 1970 && year < 2100) check.year = year - 1900;
  else if (year > 70 && year < 100) check.year = year;
  else if (year < 38) check.year = year + 100;
  else return false;
  if (today === undefined) return true;
  const specified = secondsOf(check);
  if (specified !== undefined && now + futureSeconds < specified) return false;
  parts.month = check.month;
  parts.day = check.day;
  if (year !== -1) parts.year = check.year;
  return true;
}

/** `12:34:56`, `2024-01-31`, `1/31/2024`, `31.1.2024`: two or three numbers with the same mark between them. Gives where it ends, 0 for none. */
export function matchNumbers(text: string, at: number, parts: DateParts, now: number): number {
  const first = readNumber(text, at);
  const mark = text[first.end];
  const second = readNumber(text, first.end + 1);
  let third = { value: -1, end: second.end };
  if (text[second.end] === mark && isDigit(text[second.end + 1])) third = readNumber(text, second.end + 1);
  const [a, b, c] = [first.value, second.value, third.value];
  if (mark === ":") {
    if (!setTime(parts, a, b, c < 0 ? 0 : c)) return 0;
    const isDateKnown = parts.year !== -1 && parts.month !== -1 && parts.day !== -1;
    // Parts of a second are dropped.
    return text[third.end] === "." && isDigit(text[third.end + 1]) && isDateKnown
      ? readNumber(text, third.end + 1).end
      : third.end;
  }
  const today = utcParts(now);
  const isDate =
    (a > 70 && (setDate(parts, [a, b, c], now, undefined) || setDate(parts, [a, c, b], now, undefined))) ||
    (mark !== "." && setDate(parts, [c, a, b], now, today)) ||
    setDate(parts, [c, b, a], now, today) ||
    (mark === "." && setDate(parts, [c, a, b], now, today));
  return isDate ? third.end : 0;
}

/** The parts of a moment, in UTC. */
export function utcParts(seconds: number): DateParts {
  const date = new Date(seconds * 1000);
  return {
    year: date.getUTCFullYear() - 1900,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
  };
}

/** The parts of a moment where the program runs. */
export function localParts(seconds: number): DateParts {
  const date = new Date(seconds * 1000);
  return {
    year: date.getFullYear() - 1900,
    month: date.getMonth(),
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
    weekday: date.getDay(),
  };
}

/** Seconds since 1970 of parts that are taken as local time; days beyond the end of a month run into the next one. */
export function localSeconds({ year, month, day, hour, minute, second }: DateParts): number {
  const date = new Date(2000, month, day, hour, minute, second);
  // The year by itself: a constructor takes years below 100 for those of the last century.
  date.setFullYear(year + 1900, month, day);
  date.setHours(hour, minute, second, 0);
  return Math.floor(date.getTime() / 1000);
}
