/** A column of 32-bit integers that grows; one that is 0 everywhere takes no room until it is read. */
export class IntColumn {
  #values = new Int32Array(0);

  set(row: number, value: number): void {
    if (row >= this.#values.length) {
      if (value === 0) return;
      const grown = new Int32Array(Math.max(1024, 2 * row));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[row] = value;
  }

  /** Rows 0 … length - 1, or the rows that `order` names. */
  take(length: number, order: Uint32Array | undefined): Int32Array {
    if (order !== undefined) return Int32Array.from(order, (row) => this.#values[row] ?? 0);
    if (length <= this.#values.length) return this.#values.subarray(0, length);
    const all = new Int32Array(length);
    all.set(this.#values);
    return all;
  }
}
