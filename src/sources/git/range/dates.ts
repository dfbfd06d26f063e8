import {
  isDigit,
  isLetter,
  localParts,
  localSeconds,
  matchName,
  matchNumbers,
  monthNames,
  readNumber,
  weekdayNames,
  type DateParts,
} from "./date-digits.ts";
import { readExactDate } from "./date-exact.ts";

const numberNames = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const lengths = [
  ["seconds", 1],
  ["minutes", 60],
  ["hours", 3600],
  ["days", 86_400],
  ["weeks", 604_800],
] as const;
/** Words that people write and that change nothing; any other word that is not known is refused. */
const fillers = new Set(["ago", "at", "on", "of", "the", "and", "in"]);

/** What is known of a date while it is read. */
interface Reading {
  parts: DateParts;
  readonly now: DateParts;
  readonly nowSeconds: number;
  /** A number that waits for what it counts; 0 for none. */
  number: number;
  isTouched: boolean;
}

/**
 * Reads a date as git does: full ones (ISO 8601, RFC 2822, seconds since 1970) and those that people write: `yesterday`, `2.weeks.ago`,
 * `last friday`, `3 days ago`, `noon yesterday`. Gives seconds since 1970; undefined where something in it is not understood.
 * `now`: seconds since 1970. Times without a zone are those of where the program runs.
 */
export function readDate(text: string, now: number): number | undefined {
  const exact = readExactDate(text, now);
  if (exact !== undefined) return exact;
  const reading: Reading = {
    parts: { ...localParts(now), year: -1, month: -1, day: -1 },
    now: localParts(now),
    nowSeconds: now,
    number: 0,
    isTouched: false,
  };
  for (let at = 0; at < text.length;) {
    if (isDigit(text[at])) {
      placeNumber(reading);
      at = readDigits(text, at, reading);
      reading.isTouched = true;
    } else if (isLetter(text[at])) {
      let end = at + 1;
      while (isLetter(text[end])) end++;
      if (!readWord(text, at, reading) && !fillers.has(text.slice(at, end).toLowerCase())) return undefined;
      at = end;
    } else at++;
  }
  placeNumber(reading);
  return reading.isTouched ? goBack(reading, 0) : undefined;
}

function readDigits(text: string, at: number, reading: Reading): number {
  const { value, end } = readNumber(text, at);
  if (/[:./-]/.test(text[end] ?? "") && isDigit(text[end + 1])) {
    const after = matchNumbers(text, at, reading.parts, reading.nowSeconds);
    if (after > 0) return after;
  }
  // Small numbers are written with a zero before them (Dec 02), others are not.
  if (text[at] !== "0" || end - at <= 2) reading.number = value;
  return end;
}

/** Takes one word; false when it says nothing. */
function readWord(text: string, at: number, reading: Reading): boolean {
  const isWord = (name: string): boolean => matchName(text, at, name) === name.length;
  const month = monthNames.findIndex((name) => matchName(text, at, name) >= 3);
  if (month >= 0) reading.parts.month = month;
  else if (isWord("yesterday")) goBack(reading, 86_400);
  else if (isWord("noon")) atHour(reading, 12);
  else if (isWord("midnight")) atHour(reading, 0);
  else if (isWord("tea")) atHour(reading, 17);
  else if (isWord("PM") || isWord("AM")) halfDay(reading, isWord("PM") ? 12 : 0);
  else if (isWord("never")) reading.parts = localParts(0);
  else if (isWord("now")) goBack(reading, 0);
  else if (reading.number === 0) {
    const number = numberNames.findIndex(isWord);
    if (number < 0 && !isWord("last")) return false;
    reading.number = number < 0 ? 1 : number + 1;
    reading.isTouched = true;
    return true;
  } else if (!readUnit(text, at, reading)) return false;
  else {
    reading.isTouched = true;
    return true;
  }
  if (month < 0) reading.number = 0;
  reading.isTouched = true;
  return true;
}

/** What a number counts: days, weeks, Fridays. */
function readUnit(text: string, at: number, reading: Reading): boolean {
  const { parts, number } = reading;
  const length = lengths.find(([name]) => matchName(text, at, name) >= name.length - 1);
  const weekday = weekdayNames.findIndex((name) => matchName(text, at, name) >= 3);
  if (length !== undefined) goBack(reading, length[1] * number);
  else if (weekday >= 0) {
    const days = parts.weekday - weekday;
    goBack(reading, (days + 7 * (days <= 0 ? number : number - 1)) * 86_400);
  } else if (matchName(text, at, "months") >= 5) {
    goBack(reading, 0);
    const months = reading.parts.month - number;
    reading.parts.year += Math.floor(months / 12);
    reading.parts.month = ((months % 12) + 12) % 12;
  } else if (matchName(text, at, "years") >= 4) {
    goBack(reading, 0);
    reading.parts.year -= number;
  } else return false;
  reading.number = 0;
  return true;
}

/** Fills in what is not known yet from now, and goes back some seconds. Gives the moment. */
function goBack(reading: Reading, seconds: number): number {
  const { parts, now } = reading;
  if (parts.day < 0) parts.day = now.day;
  if (parts.month < 0) parts.month = now.month;
  if (parts.year < 0) parts.year = parts.month > now.month ? now.year - 1 : now.year;
  const moment = localSeconds(parts) - seconds;
  reading.parts = localParts(moment);
  return moment;
}

function atHour(reading: Reading, hour: number): void {
  placeNumber(reading);
  // Not reached yet today: then yesterday's is meant.
  if (reading.parts.hour < hour) goBack(reading, 86_400);
  Object.assign(reading.parts, { hour, minute: 0, second: 0 });
}

function halfDay(reading: Reading, add: number): void {
  const { parts, number } = reading;
  if (number > 0) parts.minute = parts.second = 0;
  parts.hour = ((number > 0 ? number : parts.hour) % 12) + add;
}

/** A number that nothing came for is a day, else a month, else a year. */
function placeNumber(reading: Reading): void {
  const { parts, number } = reading;
  reading.number = 0;
  if (number === 0) return;
  if (parts.day < 0 && number < 32) parts.day = number;
  else if (parts.month < 0 && number < 13) parts.month = number - 1;
  else if (parts.year < 0) {
    if (number > 1969 && number < 2100) parts.year = number - 1900;
    else if (number > 69 && number < 100) parts.year = number;
    else if (number < 38) parts.year = 100 + number;
  }
}
