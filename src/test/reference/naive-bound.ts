import { range, type NaiveHeads } from "./naive-lane.js";

/** Quest's bound of a page: mean over the heads of the sum over channels of max(q · min, q · max) over its keys so far. */
export function naiveBound(heads: NaiveHeads, page: number, size: number, position: number): number {
  const positions = range(page * size, Math.min((page + 1) * size, position + 1));
  const bounds = heads.queryHeads.map((head) => {
    const keys = positions.map((j) => heads.key(head, j));
    return heads.query(head, position).reduce((sum, q, c) => {
      const channel = keys.map((key) => key[c]!);
      return sum + Math.max(q * Math.min(...channel), q * Math.max(...channel));
    }, 0);
  });
  return bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length;
}
