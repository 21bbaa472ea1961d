/** A chart draws at most this many rows; more cost seconds and show nothing. */
export const MAX_ROWS = 10_000;

/** At most `most` rows, evenly picked; first and last stay. */
export function thin<Row>(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  if (most < 1) return [];
  if (most === 1) return rows.slice(0, 1);
  const step = (rows.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => rows[Math.round(i * step)] as Row);
}

/** Rows of several groups, each thinned alike, so that no group's line ends early. */
export function thinGroups<Row>(groups: readonly (readonly Row[])[], most = MAX_ROWS): readonly Row[] {
  const total = groups.reduce((sum, group) => sum + group.length, 0);
  if (total <= most) return groups.flat();
  const each = Math.floor(most / groups.length);
  return groups.flatMap((group) => thin(group, each));
}
