import { InputError } from "../core/check.js";

/** Requests generated if neither a number nor a duration is given. */
export const DEFAULT_REQUESTS = 1000;

/** When a run ends: after that many requests, or with the last arrival before `durationS` seconds; the first to happen. */
export interface Extent {
  readonly numRequests?: number | undefined;
  readonly durationS?: number | undefined;
}

/** Errors: InputError that names the option. */
export function checkedExtent({ numRequests, durationS }: Extent): Extent {
  if (numRequests !== undefined && !(Number.isSafeInteger(numRequests) && numRequests >= 1)) {
    throw new InputError("num-requests", `${numRequests} is not allowed; expected a whole number from 1`);
  }
  if (durationS !== undefined && !(durationS > 0)) {
    throw new InputError("duration", `${durationS} is not allowed; expected seconds above 0`);
  }
  return { numRequests, durationS };
}
