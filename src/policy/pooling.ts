/** The largest of each number and its neighbours up to kernel / 2 away. */
export function maxPool(values: Float64Array, kernel: number): Float64Array {
  const reach = Math.floor(kernel / 2);
  return values.map((_, i) => {
    let largest = -Infinity;
    for (let j = Math.max(0, i - reach); j <= Math.min(values.length - 1, i + reach); j++) {
      largest = Math.max(largest, values[j] as number);
    }
    return largest;
  });
}

/** The sum of each number and its neighbours up to kernel / 2 away, over kernel: the ends are padded with zeros. */
export function averagePool(values: Float64Array, kernel: number): Float64Array {
  const reach = Math.floor(kernel / 2);
  return values.map((_, i) => {
    let sum = 0;
    for (let j = Math.max(0, i - reach); j <= Math.min(values.length - 1, i + reach); j++) {
      sum += values[j] as number;
    }
    return sum / kernel;
  });
}
