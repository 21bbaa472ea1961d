/**
 * The user's trouble: names where in the input, the value found, and what is allowed.
 * The command line prints the message alone and exits with 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
  constructor(path: string, problem: string) {
    super(path === "" ? problem : `${path}: ${problem}`);
  }
}

/** Our trouble: a broken invariant. Left on in releases. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`raas-sim is wrong about something: ${message}`);
}
