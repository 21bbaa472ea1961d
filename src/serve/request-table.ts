import type { RequestSpec } from "../workload/workload.js";

/** One row a request, indexed by id. Times in seconds; NaN where it never happened. */
export class RequestTable {
  readonly specs: RequestSpec[] = [];
  sent: Float64Array = new Float64Array(0); // when the client sent it
  admitted: Float64Array = new Float64Array(0); // first iteration that worked on it
  firstToken: Float64Array = new Float64Array(0);
  firstAnswer: Float64Array = new Float64Array(0);
  end: Float64Array = new Float64Array(0);
  preemptions: Int32Array = new Int32Array(0);
  replica: Int32Array = new Int32Array(0);

  get length(): number {
    return this.specs.length;
  }

  add(spec: RequestSpec): void {
    const id = this.specs.length;
    this.specs.push(spec);
    if (id >= this.sent.length) this.#grow(Math.max(1024, 2 * id));
    this.sent[id] = NaN;
    this.admitted[id] = NaN;
    this.firstToken[id] = NaN;
    this.firstAnswer[id] = NaN;
    this.end[id] = NaN;
    this.replica[id] = -1;
  }

  #grow(size: number): void {
    const doubles = (old: Float64Array): Float64Array => {
      const grown = new Float64Array(size);
      grown.set(old);
      return grown;
    };
    const integers = (old: Int32Array): Int32Array => {
      const grown = new Int32Array(size);
      grown.set(old);
      return grown;
    };
    this.sent = doubles(this.sent);
    this.admitted = doubles(this.admitted);
    this.firstToken = doubles(this.firstToken);
    this.firstAnswer = doubles(this.firstAnswer);
    this.end = doubles(this.end);
    this.preemptions = integers(this.preemptions);
    this.replica = integers(this.replica);
  }
}
