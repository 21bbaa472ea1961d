/** Numbers as people read them. What is missing is "-". */
export type Value = number | null | undefined;
export type Format = (value: Value) => string;

const MISSING = "-";

/** A formatter of numbers made total: null, undefined and NaN are "-". */
function total(write: (value: number) => string): Format {
  return (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
    return Number.isFinite(value) ? write(value) : value > 0 ? "inf" : "-inf";
  };
}

/** `digits` significant ones, trailing zeros kept (they are known), never an exponent in the usual range. */
function significant(value: number, digits: number): string {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  if (exponent < -4 || exponent > 14) return value.toExponential(digits - 1);
  return value.toFixed(Math.max(0, Math.min(20, digits - 1 - exponent)));
}

/** 950, 12.3 k, 4.56 M */
export const si: Format = total((value) => {
  const units = ["", " k", " M", " G", " T", " P"];
  let unit = 0;
  let rest = value;
  while (Math.abs(Number(rest.toPrecision(3))) >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${significant(rest, 3)}${units[unit] as string}`;
});

/** Counts: every digit, in groups of three. */
export const integer: Format = total((value) => Math.round(value).toLocaleString("en-US"));

export const decimal: Format = total((value) =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-US") : significant(value, 4),
);

/** 0.123 ms, 45.6 ms, 7.89 s, 12.3 min, 4.56 h */
export const milliseconds: Format = total((value) => {
  const size = Math.abs(value);
  if (size < 999.5) return `${significant(value, 3)} ms`;
  if (size < 599_500) return `${significant(value / 1000, 3)} s`;
  if (size < 7_200_000) return `${significant(value / 60_000, 3)} min`;
  return `${significant(value / 3_600_000, 3)} h`;
});

export const seconds: Format = total((value) => milliseconds(value * 1000));
export const gib: Format = total((value) => `${significant(value / 2 ** 30, 3)} GiB`);
/** 64.1 MiB, 2.88 GiB */
export const memory: Format = total((value) =>
  Math.abs(value) < 2 ** 30 ? `${significant(value / 2 ** 20, 3)} MiB` : gib(value),
);
export const percent: Format = total((value) => `${significant(value * 100, 3)} %`);
export const joules: Format = total((value) =>
  Math.abs(value) >= 3.6e6
    ? `${significant(value / 3.6e6, 3)} kWh`
    : `${si(value)}${/[a-zA-Z]$/.test(si(value)) ? "" : " "}J`,
);
export const watts: Format = total((value) => `${si(value)}${/[a-zA-Z]$/.test(si(value)) ? "" : " "}W`);
export const hours: Format = total((value) => `${significant(value, 3)} h`);
export const perSecond: Format = total((value) => `${si(value)}/s`);
export const dollars: Format = total((value) =>
  Math.abs(value) >= 1000
    ? `$${Math.round(value).toLocaleString("en-US")}`
    : `$${Math.abs(value) >= 1 ? value.toFixed(2) : significant(value, 3)}`,
);
