/** Rows of doubles that grow: one buffer, `width` values a row. A row is written with one check of room. */
export class Rows {
  readonly #width: number;
  #values: Float64Array;
  length = 0; // rows

  constructor(width: number, capacity = 1024) {
    this.#width = width;
    this.#values = new Float64Array(width * capacity);
  }

  /** All rows, one after the other; the first `length` are written. Good until the next `grow`. */
  get values(): Float64Array {
    return this.#values;
  }

  /** Adds a row and returns the buffer to write it into, from `(length - 1) · width`. */
  grow(): Float64Array {
    const start = this.length++ * this.#width;
    if (start === this.#values.length) {
      const grown = new Float64Array(start * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    return this.#values;
  }

  /** Drops the first n rows; their room is used again. */
  dropFirst(n: number): void {
    this.#values.copyWithin(0, n * this.#width, this.length * this.#width);
    this.length -= n;
  }

  at(row: number, column: number): number {
    return this.#values[row * this.#width + column] as number;
  }
}
