import type { Sequence } from "./sequence.js";
import type { SequenceView } from "./scheduler.js";

/** Whom an engine preempts next, given those already chosen: the last admitted, or with priorities the least urgent. */
export function nextVictim(
  running: readonly Sequence[],
  chosen: ReadonlySet<SequenceView>,
  priorities: boolean,
): Sequence | undefined {
  let worst: Sequence | undefined;
  for (let i = running.length - 1; i >= 0; i--) {
    const sequence = running[i] as Sequence;
    if (chosen.has(sequence)) continue;
    if (!priorities) return sequence;
    if (worst === undefined || lessUrgent(sequence, worst)) worst = sequence;
  }
  return worst;
}

function lessUrgent(a: Sequence, b: Sequence): boolean {
  return a.spec.priority !== b.spec.priority ? a.spec.priority > b.spec.priority : a.spec.id > b.spec.id;
}
