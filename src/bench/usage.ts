import { writeSync } from "node:fs";

/** Preloaded into a measured process: when it exits, it writes what it used, whole process, to file descriptor 3. */
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage(); // microseconds; kilobytes
  writeSync(3, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: maxRSS / 1024 }));
});
