import { check } from "../core/check.js";

/**
 * How far from its centre a Student t variable stays with probability `level`: 2.262 for 0.95 and 9 degrees of freedom.
 * `degrees` is a whole number from 1. The probability is a finite series in the angle atan(t / √degrees) (Abramowitz and
 * Stegun, 26.7.3 and 26.7.4), so halving the angle finds it to the last digits.
 */
export function studentT(level: number, degrees: number): number {
  check(level > 0 && level < 1 && Number.isInteger(degrees) && degrees >= 1, () => `t of ${level}, ${degrees}`);
  let low = 0;
  let high = Math.PI / 2;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (within(middle, degrees) < level) low = middle;
    else high = middle;
  }
  return Math.tan(low) * Math.sqrt(degrees);
}

/** Probability that |t| ≤ √degrees · tan(angle). */
function within(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
