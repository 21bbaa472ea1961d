import type { RequestSpec } from "../workload/workload.js";

const COLUMNS = {
  sent: Float64Array, // when the client sent it
  admitted: Float64Array, // first iteration that worked on it
  firstToken: Float64Array,
  firstAnswer: Float64Array,
  end: Float64Array, // of the last token, or when the client gave it up
  preemptions: Int32Array,
  replica: Int32Array, // -1 before it reaches one
  lost: Uint8Array, // REFUSED or CANCELLED; 0 otherwise
} as const;
type Column = Float64Array | Int32Array | Uint8Array;
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

/** Why a request did not get its answer: the engine did not take it, or its client gave it up. */
export const REFUSED = 1;
export const CANCELLED = 2;

/**
 * One row a request: what it asked for, and 49 bytes in columns; times in seconds, NaN where it never happened. A request
 * stands at `slot(id)`, which is its id until the first rows are dropped: then their room is used again.
 */
export class RequestTable {
  specs: RequestSpec[] = [];
  sent!: Float64Array;
  admitted!: Float64Array;
  firstToken!: Float64Array;
  firstAnswer!: Float64Array;
  end!: Float64Array;
  preemptions!: Int32Array;
  replica!: Int32Array;
  lost!: Uint8Array;
  length = 0; // of all requests there were
  first = 0; // id of the first that is still here
  #size = 0; // rows there is room for, a power of two
  #mask = 0;

  constructor() {
    this.#grow(1024);
  }

  slot(id: number): number {
    return id & this.#mask;
  }

  add(spec: RequestSpec): void {
    if (this.length - this.first === this.#size) this.#grow(2 * this.#size);
    const slot = this.slot(this.length++);
    this.specs[slot] = spec;
    this.sent[slot] = NaN;
    this.admitted[slot] = NaN;
    this.firstToken[slot] = NaN;
    this.firstAnswer[slot] = NaN;
    this.end[slot] = NaN;
    this.preemptions[slot] = 0;
    this.replica[slot] = -1;
    this.lost[slot] = 0;
  }

  /** The first iteration that works on a request begins; a later admission, after a preemption, changes nothing. */
  admit(id: number, now: number): void {
    const slot = this.slot(id);
    if (Number.isNaN(this.admitted[slot])) this.admitted[slot] = now;
  }

  /** The engine does not take a request. */
  refuse(id: number, now: number): void {
    const slot = this.slot(id);
    this.sent[slot] = now;
    this.lost[slot] = REFUSED;
  }

  /** Its client gives a request up. */
  cancel(id: number, now: number): void {
    const slot = this.slot(id);
    this.end[slot] = now;
    this.lost[slot] = CANCELLED;
  }

  /** When it was admitted, or given up before. */
  leftQueue(slot: number): number {
    const admitted = this.admitted[slot] as number;
    return Number.isNaN(admitted) ? (this.end[slot] as number) : admitted;
  }

  /** Whether nothing more will happen to the request in this slot. */
  closed(slot: number): boolean {
    return this.lost[slot] === REFUSED || !Number.isNaN(this.end[slot]);
  }

  /** Forgets all before this id. */
  dropBefore(id: number): void {
    this.first = id;
  }

  #grow(size: number): void {
    const before = this.#mask;
    const specs = this.specs;
    this.specs = [];
    for (let slot = 0; slot < specs.length; slot++) {
      const id = this.first + ((slot - this.first) & before);
      if (id < this.length) this.specs[id & (size - 1)] = specs[slot] as RequestSpec;
    }
    for (const name of NAMES) {
      const old = this[name] as Column | undefined;
      const grown = new COLUMNS[name](size);
      for (let id = this.first; id < this.length; id++) grown[id & (size - 1)] = old?.[id & before] as number;
      (this as Record<typeof name, Column>)[name] = grown;
    }
    this.#size = size;
    this.#mask = size - 1;
  }
}

export interface RequestTimes {
  readonly ttft: number;
  readonly tpot: number; // (E2E - TTFT) / (output - 1), as vLLM's benchmark; NaN for one token
  readonly e2el: number;
  readonly ttfa: number; // NaN unless the request reasons and answers
}

/** Latencies of one request in seconds: NaN if the engine refused it, and from its end on if its client gave it up. */
export function requestTimes(requests: RequestTable, slot: number): RequestTimes {
  const end = requests.end[slot] as number;
  const sent = requests.sent[slot] as number;
  const first = requests.firstToken[slot] as number;
  const served = requests.lost[slot] === 0;
  const { outputTokens, reasoningTokens } = requests.specs[slot] as RequestSpec;
  return {
    ttft: first - sent,
    tpot: served && outputTokens > 1 ? (end - first) / (outputTokens - 1) : NaN,
    e2el: served ? end - sent : NaN,
    ttfa: reasoningTokens > 0 ? (requests.firstAnswer[slot] as number) - sent : NaN,
  };
}
