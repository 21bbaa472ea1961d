/**
 * Cells over decode steps and positions, few enough to draw. A row is stepsPerRow steps from fromStep on, a column is
 * positionsPerColumn positions from 0 on; rows are ragged, because a step has only the positions up to its newest token.
 */
export class MapGrid {
  readonly stepsPerRow: number;
  readonly positionsPerColumn: number;
  readonly rows: number;
  private readonly promptTokens: number;
  private readonly fromStep: number;
  private readonly toStep: number;

  /** At most `cells` rows and as many columns. */
  constructor(promptTokens: number, fromStep: number, toStep: number, cells: number) {
    this.promptTokens = promptTokens;
    this.fromStep = fromStep;
    this.toStep = toStep;
    this.stepsPerRow = Math.ceil((toStep - fromStep) / cells);
    this.positionsPerColumn = Math.ceil((promptTokens + toStep) / cells);
    this.rows = Math.ceil((toStep - fromStep) / this.stepsPerRow);
  }

  rowOf(step: number): number {
    return Math.floor((step - this.fromStep) / this.stepsPerRow);
  }

  columnOf(position: number): number {
    return Math.floor(position / this.positionsPerColumn);
  }

  /** A number for each cell, all 0. */
  matrix(): Float64Array[] {
    return Array.from({ length: this.rows }, (_, row) => {
      const last = Math.min(this.toStep, this.fromStep + (row + 1) * this.stepsPerRow) - 1;
      return new Float64Array(this.columnOf(this.promptTokens + last) + 1);
    });
  }

  /** Raises the cells of a step to the largest of their positions' values. */
  takeLargest(matrix: readonly Float64Array[], step: number, values: Float32Array): void {
    const row = matrix[this.rowOf(step)] as Float64Array;
    for (let position = 0; position <= this.promptTokens + step; position++) {
      const column = this.columnOf(position);
      row[column] = Math.max(row[column] as number, values[position] as number);
    }
  }

  /** Pairs of a step and a position up to its newest token in each cell. */
  pairs(): Float64Array[] {
    const pairs = this.matrix();
    for (let step = this.fromStep; step < this.toStep; step++) {
      const row = pairs[this.rowOf(step)] as Float64Array;
      for (let from = 0, column = 0; from <= this.promptTokens + step; from += this.positionsPerColumn, column++) {
        const to = Math.min(from + this.positionsPerColumn, this.promptTokens + step + 1);
        row[column] = (row[column] as number) + to - from;
      }
    }
    return pairs;
  }
}

export function plain(matrix: readonly Float64Array[]): number[][] {
  return matrix.map((row) => [...row]);
}
