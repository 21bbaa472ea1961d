import type { RangeSet } from "../core/range-set.js";

/**
 * Takes the `count` positions with the lowest scores out of those held below `before`; of equal scores the lower
 * position goes first. All of them, if there are no more.
 */
export function evictLowest(held: RangeSet, scores: ArrayLike<number>, before: number, count: number): void {
  if (count === 1) {
    const lowest = lowestBelow(held, scores, before);
    if (lowest >= 0) held.remove(lowest);
    return;
  }
  const candidates: number[] = [];
  for (const position of held) if (position < before) candidates.push(position);
  const inOrder = candidates.sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  for (const position of inOrder.slice(0, Math.max(0, count))) held.remove(position);
}

function lowestBelow(held: RangeSet, scores: ArrayLike<number>, before: number): number {
  let lowest = -1;
  let score = Infinity;
  for (let range = 0; range < held.ranges; range++) {
    const end = Math.min(before, held.end(range));
    for (let position = held.start(range); position < end; position++) {
      if (lowest >= 0 && !((scores[position] as number) < score)) continue;
      lowest = position;
      score = scores[position] as number;
    }
  }
  return lowest;
}
