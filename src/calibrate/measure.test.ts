import { expect, test } from "vitest";
import { fakeRunner, type FakeMachine } from "../test/fake-runner.js";
import { measure, type MeasureSettings } from "./measure.js";
import { statisticsOf } from "./statistics-of.js";

const SEED = 71;
const POINT = { kernel: "copy", sizes: { bytes: 2 ** 20 } } as const;
const SETTINGS: MeasureSettings = {
  seed: 1,
  statistic: "median",
  intervalPercent: 2,
  capSeconds: 1,
  setsBytes: 16e6,
};

const of = async (machine: FakeMachine, settings: Partial<MeasureSettings> = {}) => {
  const runner = fakeRunner(machine, SEED);
  const measurement = await measure(runner, POINT, { ...SETTINGS, ...settings });
  return { runner, ...measurement };
};

test("a kernel is checked before it is timed, and closed afterwards", async () => {
  const { runner } = await of({ seconds: () => 1e-3 });
  expect(runner.calls[0]).toBe("open copy 8"); // 2 MB a set, 16 MB wanted
  expect(runner.calls[1]).toBe("check");
  expect(runner.calls.at(-1)).toBe("close");
  expect(runner.calls.filter((call) => call.startsWith("time")).length).toBe(runner.calls.length - 3);
  expect(runner.openKernels).toBe(0);
});

test("a steady kernel is measured a few times, a noisy one until its median is sure", async () => {
  const steady = await of({ seconds: () => 1e-3 });
  expect(steady.statistics.count).toBe(10);
  const noisy = await of({ seconds: () => 1e-3, noise: (random) => 0.9 + 0.2 * random() });
  expect(noisy.statistics.count).toBeGreaterThan(20);
  expect(noisy.statistics.intervalPercent).toBeLessThan(2);
  expect(noisy.seconds / 1e-3).toBeCloseTo(1, 1);
});

test("what cannot be made sure ends at the cap, after three figures at least", async () => {
  const wild = await of({ seconds: () => 1e-2, noise: (random) => 0.1 + 10 * random() });
  expect(wild.statistics.intervalPercent).toBeGreaterThan(2);
  const spent = wild.times.reduce((sum, each) => sum + each * wild.runs, 0);
  expect(spent).toBeGreaterThanOrEqual(1);
  expect(spent).toBeLessThan(3);
  const long = await of({ seconds: () => 5 });
  expect(long.statistics.count).toBe(3);
});

test("the least is of no matter how much else the machine does half of the time", async () => {
  const busy: FakeMachine = {
    seconds: () => 1e-3,
    noise: (random) => (random() < 0.6 ? 1 + 3 * random() : 1 + 0.01 * random()),
  };
  expect((await of(busy, { statistic: "least" })).seconds / 1e-3).toBeCloseTo(1, 1);
  expect((await of(busy)).seconds / 1e-3).toBeGreaterThan(1.2);
});

test("short kernels run several times a figure, over whole laps where a figure begins at the first set", async () => {
  const single = await of({ seconds: () => 1e-5 });
  expect(single.runs).toBe(20); // 0.2 ms
  const laps = await of({ seconds: () => 1e-5, wholeLaps: true });
  expect(laps.runs).toBe(24); // three laps over 8 sets
});

test("a kernel that computes something else is never timed, and leaves nothing open", async () => {
  for (const relativeError of [0.02, NaN]) {
    const runner = fakeRunner({ seconds: () => 1e-3, relativeError }, SEED);
    await expect(measure(runner, POINT, SETTINGS)).rejects.toThrow(/copy bytes=1048576 is wrong: relative error/);
    expect(runner.calls).toEqual(["open copy 8", "check", "close"]);
  }
});

test("statistics of a list worked out by hand", () => {
  const values = [5, 1, 4, 2, 3, 9, 8, 7, 6, 10, 11];
  // Order statistics of 11: the 2nd and the 10th hold the median in between with 98.8 %; quartiles 3 and 9.
  expect(statisticsOf(values)).toEqual({
    median: 6,
    intervalPercent: (50 * (10 - 2)) / 6,
    spreadPercent: (50 * (9 - 3)) / 6,
    least: 1,
    leastGapPercent: 200,
    count: 11,
  });
});
