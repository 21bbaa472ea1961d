import type { Rng } from "../core/rng.js";

/** A replica as a router sees it. */
export interface ReplicaView {
  readonly outstanding: number; // requests sent to it that have not ended
  usedBlocks(now: number): number; // of its KV pool
}

/** Picks the replica for a request. */
export interface Router {
  pick(replicas: readonly ReplicaView[], now: number): number;
}

export const ROUTERS = ["round-robin", "random", "least-outstanding", "least-kv"] as const;
export type RouterName = (typeof ROUTERS)[number];

export function createRouter(name: RouterName, rng: Rng): Router {
  switch (name) {
    case "round-robin": {
      let next = 0;
      return { pick: (replicas) => next++ % replicas.length };
    }
    case "random":
      return { pick: (replicas) => Math.floor(rng() * replicas.length) };
    case "least-outstanding":
      return { pick: (replicas) => smallest(replicas, (replica) => replica.outstanding) };
    case "least-kv":
      return { pick: (replicas, now) => smallest(replicas, (replica) => replica.usedBlocks(now)) };
  }
}

/** Index of the smallest; ties go to the lowest index. */
function smallest(replicas: readonly ReplicaView[], measure: (replica: ReplicaView) => number): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < replicas.length; i++) {
    const value = measure(replicas[i] as ReplicaView);
    if (value < least) {
      least = value;
      best = i;
    }
  }
  return best;
}
