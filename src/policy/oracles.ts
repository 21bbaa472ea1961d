/** What a report says of every oracle. */
export const ORACLE_NOTE =
  "An oracle: it looks at attention that no policy knows before it has read everything. How it would know costs nothing here.";
