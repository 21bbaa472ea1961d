import { check } from "../core/check.js";

/**
 * What a cache of so many entries can keep at best, knowing all attention to come. Entry j comes at time arrival[j], is
 * read at each later time while it is held, and never comes back; worth[j][e - arrival[j]] is what it draws in all until
 * time e. Times are 0 … last; at each of them, after reading, at most `budget` entries stay.
 *
 * Each place in the cache runs from time 0 to the last: holding entry j until e takes it from arrival[j] to e, and an idle
 * place goes from a time to the next. So the best plan is the dearest flow of `budget` units in that graph: found by
 * successive dearest paths (Dijkstra with potentials, Johnson 1977), exactly. Of the order of budget · entries · times steps.
 *
 * Returns the time until which each entry is held; its arrival if it never is.
 */
export function bestEviction(
  arrival: ArrayLike<number>,
  worth: readonly Float32Array[],
  last: number,
  budget: number,
): Int32Array {
  const flow = new EvictionFlow(arrival, worth, last);
  for (let place = 0; place < budget && flow.addPlace() > 0; place++);
  return flow.heldUntil;
}

class EvictionFlow {
  readonly heldUntil: Int32Array;
  private readonly arrival: ArrayLike<number>;
  private readonly worth: readonly Float32Array[];
  private readonly last: number;
  private readonly leaving: number[][]; // entries whose arc starts at a time: where they are held until
  private readonly idle: Int32Array; // places idle from a time to the next
  private readonly potential: Float64Array;
  private readonly label: Float64Array; // length of the shortest path found to each time
  private readonly open: Int32Array;
  private readonly settled: Uint8Array;
  private readonly by: Int32Array; // entry that reaches a time on the shortest path; IDLE for an idle place
  private readonly from: Int32Array;

  constructor(arrival: ArrayLike<number>, worth: readonly Float32Array[], last: number) {
    const times = last + 1;
    this.arrival = arrival;
    this.worth = worth;
    this.last = last;
    this.heldUntil = Int32Array.from(arrival);
    this.leaving = Array.from({ length: times }, () => []);
    for (let j = 0; j < worth.length; j++) this.leaving[arrival[j] as number]?.push(j);
    this.idle = new Int32Array(times);
    this.potential = new Float64Array(times);
    this.label = new Float64Array(times);
    this.open = new Int32Array(times);
    this.settled = new Uint8Array(times);
    this.by = new Int32Array(times);
    this.from = new Int32Array(times);
    this.setPotentials();
  }

  /** One place more in the cache; returns what that is worth. */
  addPlace(): number {
    this.findPath();
    let gained = 0;
    for (let time = this.last; time > 0;) {
      const [entry, from] = [this.by[time] as number, this.from[time] as number];
      if (entry === IDLE) {
        this.idle[Math.min(from, time)]! += time > from ? 1 : -1;
      } else {
        gained += this.valueUntil(entry, time) - this.valueUntil(entry, from);
        this.moveEnd(entry, from, time);
      }
      time = from;
    }
    return gained;
  }

  /** Shortest distances without any flow, when all arcs lead forward. */
  private setPotentials(): void {
    this.potential.fill(Infinity, 1);
    for (let time = 0; time <= this.last; time++) {
      const start = this.potential[time] as number;
      if (time < this.last) this.potential[time + 1] = Math.min(this.potential[time + 1] as number, start);
      for (const entry of this.leaving[time] as number[]) {
        const worth = this.worth[entry] as Float32Array;
        for (let k = 1; k < worth.length; k++) {
          this.potential[time + k] = Math.min(this.potential[time + k] as number, start - (worth[k] as number));
        }
      }
    }
  }

  /**
   * Dijkstra over times; costs are what holding is worth, negated. Labels are true distances: less the potentials, they
   * are the distances of Dijkstra, which are never negative.
   */
  private findPath(): void {
    const { label, potential, open, last } = this;
    label.fill(Infinity);
    label[0] = 0;
    for (let time = 0; time <= last; time++) open[time] = time;
    let most = 0; // distance of the last time; farther ones are not looked at
    for (let left = last + 1; left > 0; left--) {
      const time = this.takeNearest(left);
      const here = label[time] as number;
      most = here - (potential[time] as number);
      if (time === last) break;
      this.settled[time] = 1;
      this.reach(time + 1, here, time);
      if (time > 0 && (this.idle[time - 1] as number) > 0) this.reach(time - 1, here, time);
      for (const entry of this.leaving[time] as number[]) this.relax(entry, time, here);
    }
    for (let time = 0; time <= last; time++) {
      potential[time] = Math.min(label[time] as number, (potential[time] as number) + most);
    }
    this.settled.fill(0);
  }

  /** Of the first `left` open times the nearest, which is swapped out of them. */
  private takeNearest(left: number): number {
    const { label, potential, open } = this;
    let nearest = 0;
    let least = Infinity;
    for (let i = 0; i < left; i++) {
      const time = open[i] as number;
      const distance = (label[time] as number) - (potential[time] as number);
      if (distance < least) [nearest, least] = [i, distance];
    }
    const time = open[nearest] as number;
    open[nearest] = open[left - 1] as number;
    return time;
  }

  /** All ends that an entry, held until `time` now, could have instead. */
  private relax(entry: number, time: number, here: number): void {
    const { label, settled, by, from } = this;
    const worth = this.worth[entry] as Float32Array;
    const arrival = this.arrival[entry] as number;
    const base = here + (worth[time - arrival] as number);
    for (let k = 0; k < worth.length; k++) {
      const reached = base - (worth[k] as number);
      const to = arrival + k;
      if (reached < (label[to] as number) && settled[to] === 0) {
        label[to] = reached;
        by[to] = entry;
        from[to] = time;
      }
    }
  }

  /** By a place that is idle, or no longer is. */
  private reach(to: number, here: number, time: number): void {
    if (here >= (this.label[to] as number) || this.settled[to] !== 0) return;
    this.label[to] = here;
    this.by[to] = IDLE;
    this.from[to] = time;
  }

  private moveEnd(entry: number, from: number, to: number): void {
    const leaving = this.leaving[from] as number[];
    const at = leaving.indexOf(entry);
    check(at >= 0, "an entry moves that was not there");
    leaving.splice(at, 1);
    this.leaving[to]?.push(entry);
    this.heldUntil[entry] = to;
  }

  private valueUntil(entry: number, time: number): number {
    return (this.worth[entry] as Float32Array)[time - (this.arrival[entry] as number)] as number;
  }
}

const IDLE = -1;
