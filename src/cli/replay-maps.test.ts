import { expect, test } from "vitest";
import { replayRequest } from "./replay-flags.js";
import { replayMap } from "./replay-maps.js";

const request = (flags: Readonly<Record<string, unknown>>): ReturnType<typeof replayRequest> =>
  replayRequest({ file: "bakery-2.2k", policy: "dense", steps: "0:40", ...flags });

test("--map names a head of the recording, and is refused without a report", async () => {
  const asked = (map: string): unknown => request({ out: "out", map }).map;
  expect(asked("23/1")).toEqual({ layer: 23, head: 1 });
  expect(request({ out: "out" }).map).toBeUndefined();
  for (const map of ["23", "23/", "a/0", "23/0/1", "23/-1"]) {
    expect(() => asked(map)).toThrow(`--map: "${map}" is not allowed; expected layer/KV head, e.g. 23/0`);
  }
  expect(() => request({ map: "23/1" })).toThrow("--map: draws into the report: give its folder with --out");
  for (const [layer, head] of [
    [22, 0],
    [23, 3],
  ] as const) {
    const known = "layers 14, 21, 23 with KV heads 0 to 2";
    await expect(replayMap(request({}), { layer, head })).rejects.toThrow(
      `--map: ${layer}/${head} is not recorded; the trace has ${known}`,
    );
  }
});

test("a map is drawn of the head asked for, and of one that is replayed if none is", async () => {
  const asked = await replayMap(request({ layers: "23" }), { layer: 14, head: 2 });
  expect(asked.map).toMatchObject({ layer: 14, head: 2, fromStep: 0, toStep: 40 });
  expect(asked.notes.join()).toContain("The attention map is that of layer 14, KV head 2.");
  const chosen = await replayMap(request({ layers: "21", heads: "1" }), undefined);
  expect(chosen.map).toMatchObject({ layer: 21, head: 1 });
  expect(chosen.notes.join()).toContain("the largest share of its attention on milestones");
});

test("of many policies the middle one of each kind is drawn, and the report says so", async () => {
  const policy = "dense,tova:budget=32|64|128,streaming-llm:budget=32|64|128|256,random:budget=32";
  const { map, notes } = await replayMap(request({ policy }), { layer: 14, head: 0 });
  const labels = ["Dense", "TOVA 64", "StreamingLLM 128", "Random 32"];
  expect(map.policies.map(({ label }) => label)).toEqual(labels);
  expect(notes.join()).toContain(`The map is drawn for ${labels.join(", ")}: the middle one of each kind.`);
});
