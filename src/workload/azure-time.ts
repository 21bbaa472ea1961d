const DIGIT_0 = 48;
const DAY = 86_400; // seconds
const FRACTION_DIGITS = 7;

/** Ticks of an Azure time stamp: 100 ns. */
export const TICKS_PER_SECOND = 10_000_000;

/** A wall-clock time, kept in two parts because ticks since 1970 are too many for a double. */
export interface AzureTime {
  seconds: number; // since 1970-01-01, UTC; no zone counts as UTC
  ticks: number; // of the fraction
}

/**
 * Reads `YYYY-MM-DD HH:MM:SS` with a `T` or a blank between, up to seven digits of a fraction, and nothing, `Z` or
 * `±HH:MM` behind, into `into`. Returns whether the bytes are such a time.
 */
export function parseAzureTime(bytes: Uint8Array, start: number, end: number, into: AzureTime): boolean {
  if (end - start < 19) return false;
  if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return false; // -
  if (bytes[start + 10] !== 32 && bytes[start + 10] !== 84) return false; // blank or T
  if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return false; // :
  const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
  const month = pair(bytes, start + 5);
  const day = pair(bytes, start + 8);
  const hour = pair(bytes, start + 11);
  const minute = pair(bytes, start + 14);
  const second = pair(bytes, start + 17);
  // A pair that is not two digits is NaN, which fails every comparison below.
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return false;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return false;
  let at = start + 19;
  let ticks = 0;
  if (at < end && bytes[at] === 46) {
    const first = ++at;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      ticks = ticks * 10 + digit;
    }
    if (at === first || at - first > FRACTION_DIGITS) return false;
    ticks *= 10 ** (FRACTION_DIGITS - (at - first));
  }
  const offset = zone(bytes, at, end);
  if (Number.isNaN(offset)) return false;
  into.seconds = daysSince1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
  into.ticks = ticks;
  return true;
}

/** Seconds east of UTC; NaN if the rest is not a zone. */
function zone(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  if (end - at === 1 && bytes[at] === 90) return 0; // Z
  const sign = bytes[at] === 43 ? 1 : bytes[at] === 45 ? -1 : NaN;
  if (end - at !== 6 || bytes[at + 3] !== 58) return NaN;
  const hours = pair(bytes, at + 1);
  const minutes = pair(bytes, at + 4);
  return hours <= 23 && minutes <= 59 ? sign * (hours * 3600 + minutes * 60) : NaN;
}

function pair(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - DIGIT_0;
  const ones = (bytes[at + 1] as number) - DIGIT_0;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days of the proleptic Gregorian calendar, counted from March so that the leap day ends a year. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

/** Times of one log in ticks from the second of its first one, where they are exact. */
export class ClockTicks {
  #base: number | undefined;

  ticks(time: AzureTime): number {
    this.#base ??= time.seconds;
    return (time.seconds - this.#base) * TICKS_PER_SECOND + time.ticks;
  }

  /** Second of the day at tick 0. */
  get midnight(): number {
    return (this.#base ?? 0) % DAY;
  }
}
