import { requestTimes } from "../serve/metrics.js";
import type { ServeResult } from "../serve/serve.js";

/** One row a request, snappy Parquet: lengths in tokens, times in seconds from the start, latencies in milliseconds. */
export async function requestsParquet(result: ServeResult): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const { requests } = result;
  const n = requests.length;
  const integers = (pick: (id: number) => number): Int32Array => Int32Array.from({ length: n }, (_, id) => pick(id));
  const latency = (pick: (times: NonNullable<ReturnType<typeof requestTimes>>) => number): (number | null)[] =>
    Array.from({ length: n }, (_, id) => {
      const times = requestTimes(result, id);
      const seconds = times === undefined ? NaN : pick(times);
      return Number.isNaN(seconds) ? null : seconds * 1000;
    });
  const time = (column: Float64Array): (number | null)[] =>
    Array.from({ length: n }, (_, id) => (Number.isNaN(column[id]) ? null : (column[id] as number)));
  const spec = (id: number): (typeof requests.specs)[number] => requests.specs[id] as (typeof requests.specs)[number];
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: "id", data: integers((id) => id), type: "INT32" },
      { name: "sent_s", data: time(requests.sent), type: "DOUBLE", nullable: true },
      { name: "admitted_s", data: time(requests.admitted), type: "DOUBLE", nullable: true },
      { name: "first_token_s", data: time(requests.firstToken), type: "DOUBLE", nullable: true },
      { name: "first_answer_token_s", data: time(requests.firstAnswer), type: "DOUBLE", nullable: true },
      { name: "end_s", data: time(requests.end), type: "DOUBLE", nullable: true },
      { name: "prompt_tokens", data: integers((id) => spec(id).promptTokens), type: "INT32" },
      { name: "output_tokens", data: integers((id) => spec(id).outputTokens), type: "INT32" },
      { name: "reasoning_tokens", data: integers((id) => spec(id).reasoningTokens), type: "INT32" },
      { name: "ttft_ms", data: latency((times) => times.ttft), type: "DOUBLE", nullable: true },
      { name: "tpot_ms", data: latency((times) => times.tpot), type: "DOUBLE", nullable: true },
      { name: "e2el_ms", data: latency((times) => times.e2el), type: "DOUBLE", nullable: true },
      { name: "preemptions", data: integers((id) => requests.preemptions[id] as number), type: "INT32" },
      { name: "replica", data: integers((id) => requests.replica[id] as number), type: "INT32" },
    ],
  });
  return new Uint8Array(buffer);
}
