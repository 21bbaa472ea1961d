/** One Vega-Lite chart: the spec names its data ("rows"), the rows travel beside it. */
export interface Chart {
  readonly name: string; // file name without ending
  readonly title: string;
  readonly caption: string; // how to read it
  readonly spec: object; // Vega-Lite v6
  readonly rows: readonly object[]; // every number drawn
}

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Report {
  readonly title: string;
  readonly subtitle: string;
  readonly charts: readonly Chart[];
  readonly lead?: number; // so many charts stand before the tables
  readonly tables: readonly ReportTable[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[]; // what makes the numbers mean less than they seem to
  readonly data: object; // machine readable, embedded in the HTML
}
