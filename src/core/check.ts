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

/** Our trouble: a broken invariant. Left on in releases; a message with numbers in it is only made when it is needed. */
export function check(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new Error(`raas-sim is wrong about something: ${typeof message === "string" ? message : message()}`);
}
