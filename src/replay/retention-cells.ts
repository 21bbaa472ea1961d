import type { Policy } from "../policy/policy.js";
import { plain, type MapGrid } from "./map-grid.js";
import type { PlacedSelection } from "./selection.js";

/**
 * What a policy had of one KV head in each cell of a map: counts of pairs of a step and a position, times `lanes`. Those
 * not held are evicted.
 */
export interface RetentionMap {
  readonly policy: string;
  readonly label: string;
  /** Separate choices for the head: 1, or its query heads. */
  readonly lanes: number;
  /** Read in the step, or still held after it. */
  readonly held: readonly (readonly number[])[];
  readonly read: readonly (readonly number[])[];
  /** Evicted and yet used by the step, with at least θ of its attention: part of the evicted. */
  readonly missed: readonly (readonly number[])[];
  /** Held, used by the step and not read. */
  readonly overlooked: readonly (readonly number[])[];
}

const HELD = 1;
const READ = 2;

/** Bins the selections of one policy on one KV head as they come. */
export class RetentionCells {
  private readonly grid: MapGrid;
  private readonly policy: Policy;
  private readonly lanes: number;
  private readonly state: Uint8Array; // by position, of the selection at hand
  private readonly held: Float64Array[];
  private readonly read: Float64Array[];
  private readonly missed: Float64Array[];
  private readonly overlooked: Float64Array[];

  constructor(grid: MapGrid, policy: Policy, lanes: number, positions: number) {
    this.grid = grid;
    this.policy = policy;
    this.lanes = lanes;
    this.state = new Uint8Array(positions);
    this.held = grid.matrix();
    this.read = grid.matrix();
    this.missed = grid.matrix();
    this.overlooked = grid.matrix();
  }

  /** One lane's step; `used`: the positions that draw at least θ in it. */
  take({ step, kept, read }: PlacedSelection, used: Uint32Array): void {
    const { grid, state } = this;
    state.fill(0);
    for (const [from, to] of kept) state.fill(HELD, from, to);
    for (const [from, to] of read) state.fill(READ, from, to);
    const row = grid.rowOf(step);
    const [held, readRow] = [this.held[row] as Float64Array, this.read[row] as Float64Array];
    const { positionsPerColumn } = grid;
    for (let column = 0; column < held.length; column++) {
      const to = Math.min(state.length, (column + 1) * positionsPerColumn);
      for (let position = column * positionsPerColumn; position < to; position++) {
        const is = state[position] as number;
        if (is !== 0) held[column] = (held[column] as number) + 1;
        if (is === READ) readRow[column] = (readRow[column] as number) + 1;
      }
    }
    for (const position of used) {
      if (state[position] === READ) continue;
      const lost = (state[position] === HELD ? this.overlooked : this.missed)[row] as Float64Array;
      const column = grid.columnOf(position);
      lost[column] = (lost[column] as number) + 1;
    }
  }

  map(): RetentionMap {
    return {
      policy: this.policy.name,
      label: this.policy.label,
      lanes: this.lanes,
      held: plain(this.held),
      read: plain(this.read),
      missed: plain(this.missed),
      overlooked: plain(this.overlooked),
    };
  }
}
