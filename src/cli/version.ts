import { readFileSync } from "node:fs";

/** Folder of the package: holds package.json, hardware-profiles and workloads. */
export const PACKAGE = new URL("../../", import.meta.url);

export function version(): string {
  return (JSON.parse(readFileSync(new URL("package.json", PACKAGE), "utf8")) as { version: string }).version;
}
