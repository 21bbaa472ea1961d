import { encode } from "fast-png";

/** Red, green and blue, 0 … 255. */
export type Color = readonly [number, number, number];

/**
 * A matrix as a picture of one pixel a cell, to be put into a spec: thousands of marks would be slow and large. Rows may
 * be ragged; what they lack is transparent.
 */
export function pixelUrl(rows: number, columns: number, color: (row: number, column: number) => Color | null): string {
  const data = new Uint8Array(rows * columns * 4);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 4) {
      const rgb = color(row, column);
      if (rgb === null) continue;
      data.set(rgb, at);
      data[at + 3] = 255;
    }
  }
  const png = encode({ width: columns, height: rows, data, channels: 4, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

/** Colours from `stops[0]` to the last, evenly spaced, for 0 … 1; what lies outside is clamped. */
export function ramp(stops: readonly Color[]): (share: number) => Color {
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    return mix(stops[low] as Color, stops[low + 1] as Color, at - low);
  };
}

export function mix(from: Color, to: Color, share: number): Color {
  const part = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [part(0), part(1), part(2)];
}

export function parseColor(hex: string): Color {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function hexColor(color: Color): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
