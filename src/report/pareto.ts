/** Indices of the points that no other beats: at least as large in both, and larger in one. Equal points all stay. */
export function paretoFront(points: readonly (readonly [number, number])[]): readonly number[] {
  const beaten = ([x, y]: readonly [number, number]): boolean =>
    points.some(([otherX, otherY]) => otherX >= x && otherY >= y && (otherX > x || otherY > y));
  return points.flatMap((point, i) => (beaten(point) ? [] : [i]));
}
