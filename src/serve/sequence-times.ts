import type { Ledger } from "./ledger.js";
import type { RequestTable } from "./request-table.js";
import type { Sequence } from "./sequence.js";

/** Writes down when what happens to a request. Once its client has given it up, its row is closed: nothing is written. */
export class SequenceTimes {
  readonly #requests: RequestTable;
  readonly #ledger: Ledger;

  constructor(requests: RequestTable, ledger: Ledger) {
    this.#requests = requests;
    this.#ledger = ledger;
  }

  admitted({ abandoned, spec }: Sequence, now: number): void {
    if (!abandoned) this.#requests.admit(spec.id, now);
  }

  /** A token came from prefill. */
  token({ abandoned, generated, spec: { id, reasoningTokens } }: Sequence, now: number): void {
    if (abandoned) return;
    const slot = this.#requests.slot(id);
    if (generated === 1) this.#requests.firstToken[slot] = now;
    if (generated === reasoningTokens + 1) this.#requests.firstAnswer[slot] = now;
  }

  /** A sequence stops decoding, with `generated` tokens by now: looks up when its first answer token came, if it has. */
  answer(sequence: Sequence, generated: number): void {
    const { abandoned, joined, spec } = sequence;
    const token = spec.reasoningTokens + 1;
    if (abandoned || token <= sequence.generated || token > generated) return;
    const counter = joined + token - sequence.generated;
    this.#requests.firstAnswer[this.#requests.slot(spec.id)] = this.#ledger.log.timeOf(counter);
  }

  preempted({ abandoned, preemptions, spec }: Sequence): void {
    if (!abandoned) this.#requests.preemptions[this.#requests.slot(spec.id)] = preemptions;
  }

  ended({ spec }: Sequence, now: number): void {
    this.#requests.end[this.#requests.slot(spec.id)] = now;
  }
}
