import type { Sample } from "../core/quantile.js";

interface Span {
  sent: number;
  end: number;
  lastId: number;
}

/** What a majority vote waits: from sending a question to the end of its last sample. Questions refused are left out. */
export class Questions {
  readonly latencies: Sample;
  readonly #open = new Map<number, Span>();

  constructor(latencies: Sample) {
    this.latencies = latencies;
  }

  /** Adds a sample of a question; samples come in order of their ids, those of one question one after the other. */
  add(question: number, id: number, sent: number, end: number): void {
    const span = this.#open.get(question);
    if (span === undefined) {
      this.#open.set(question, { sent, end, lastId: id });
      return;
    }
    span.sent = Math.min(span.sent, sent);
    span.end = Math.max(span.end, end);
    span.lastId = id;
  }

  /** Takes the questions without a sample from this id on as complete. */
  closeBefore(id: number): void {
    for (const [question, { sent, end, lastId }] of this.#open) {
      if (lastId >= id) continue;
      if (!Number.isNaN(end)) this.latencies.add(end - sent, 0, 1, 1);
      this.#open.delete(question);
    }
  }
}
