/** A short log of each format, as its publisher writes it, and what a reader must find in it. */
export interface LogSample {
  readonly format: string;
  readonly text: string;
  readonly prompts: readonly number[];
  readonly outputs: readonly number[];
  readonly arrivals: readonly number[]; // s from the first
  readonly sessions?: readonly string[];
  readonly failed?: number;
}

const lines = (...rows: readonly (string | object)[]): string =>
  rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");

export const LOG_SAMPLES: readonly LogSample[] = [
  {
    format: "raas-sim",
    text: lines(
      "arrival_s,prompt_tokens,output_tokens,session,prompt_id",
      "3.5,10,20,a,p",
      "4,11,21,,",
      "4.25,12,22,a,q",
    ),
    prompts: [10, 11, 12],
    outputs: [20, 21, 22],
    arrivals: [0, 0.5, 0.75],
    sessions: ["a", "", "a"],
  },
  {
    format: "raas-sim",
    text: lines(
      { arrival_s: 7, prompt_tokens: 5, output_tokens: 6, reasoning_tokens: 4 },
      { arrival_s: 8.5, prompt_tokens: 7, output_tokens: 8 },
    ),
    prompts: [5, 7],
    outputs: [6, 8],
    arrivals: [0, 1.5],
  },
  {
    format: "azure",
    text: lines(
      "TIMESTAMP,ContextTokens,GeneratedTokens",
      "2023-11-16 18:15:46.6805900,374,44",
      "2023-11-16 18:15:50.995169+00:00,396,109",
      "2023-11-16 18:16:00+00:00,10,0",
    ),
    prompts: [374, 396],
    outputs: [44, 109],
    arrivals: [0, 4.314579],
    failed: 1,
  },
  {
    format: "azure multimodal",
    text: lines(
      "TIMESTAMP,NumImages,ContextTokens,GeneratedTokens",
      "2024-10-15T12:00:00.269Z,1,500,10",
      "2024-10-15T12:00:01.269Z,0,20,30",
    ),
    prompts: [500, 20],
    outputs: [10, 30],
    arrivals: [0, 1],
  },
  {
    format: "burstgpt",
    text: lines(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
      "5,ChatGPT,472,18,490,Conversation log",
      "45,GPT-4,0,0,0,API log",
      "45,ChatGPT,1087,230,1317,API log",
    ),
    prompts: [472, 1087],
    outputs: [18, 230],
    arrivals: [0, 40],
    failed: 1,
  },
  {
    format: "burstgpt with sessions",
    text: lines(
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
      "19440110.0,17,2.5,ChatGPT,30,40,70,Conversation log",
      "19440111.5,,0.4,ChatGPT,31,41,72,API log",
    ),
    prompts: [30, 31],
    outputs: [40, 41],
    arrivals: [0, 1.5],
    sessions: ["17", ""],
  },
  {
    format: "vidur",
    text: lines("arrived_at,num_prefill_tokens,num_decode_tokens", "0.0,374,44", "4.314579,396,109"),
    prompts: [374, 396],
    outputs: [44, 109],
    arrivals: [0, 4.314579],
  },
  {
    format: "splitwise-sim",
    text: lines(
      "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size",
      "0,0,0,0.5,1,100,10",
      "0,0,0,0.75,1,101,11",
    ),
    prompts: [100, 101],
    outputs: [10, 11],
    arrivals: [0, 0.25],
  },
  {
    format: "mooncake",
    text: lines(
      { timestamp: 1000, input_length: 1500, output_length: 7, hash_ids: [0, 1, 2] },
      { timestamp: 4000, input_length: 1020, output_length: 8, hash_ids: [0, 3] },
    ),
    prompts: [1500, 1020],
    outputs: [7, 8],
    arrivals: [0, 3],
  },
  {
    format: "qwen-bailian",
    text: lines(
      {
        chat_id: 1,
        parent_chat_id: -1,
        timestamp: 0.5,
        input_length: 33,
        output_length: 5,
        type: "thinking",
        turn: 1,
        hash_ids: [1, 2, 3],
      },
      {
        chat_id: 2,
        parent_chat_id: 1,
        timestamp: 9.5,
        input_length: 40,
        output_length: 6,
        type: "thinking",
        turn: 2,
        hash_ids: [1, 2, 9],
      },
      {
        chat_id: 3,
        parent_chat_id: 2,
        timestamp: 20.5,
        input_length: 50,
        output_length: 7,
        type: "text",
        turn: 3,
        hash_ids: [4, 2, 8, 7],
      },
    ),
    prompts: [33, 40, 50],
    outputs: [5, 6, 7],
    arrivals: [0, 9, 20],
    sessions: ["1", "1", "1"],
  },
  {
    format: "ragpulse",
    text: lines(
      {
        timestamp: "82",
        input_length: 3112,
        output_length: 192,
        hash_ids: { sys_prompt: [1, 2], passages_ids: [7], history: [3], web_search: [], user_input: [9] },
        session_id: "s1",
      },
      {
        timestamp: "93",
        input_length: 3167,
        output_length: 86,
        hash_ids: { sys_prompt: [1, 2], passages_ids: [8], history: [3], web_search: [], user_input: [10] },
        session_id: "s2",
      },
    ),
    prompts: [3112, 3167],
    outputs: [192, 86],
    arrivals: [0, 11],
    sessions: ["s1", "s2"],
  },
  {
    format: "kv-cache-tester",
    text: JSON.stringify(
      {
        id: "t1",
        block_size: 64,
        hash_id_scope: "local",
        requests: [
          { t: 0, type: "n", in: 130, out: 5, hash_ids: [1, 2] },
          {
            t: 10,
            type: "subagent",
            agent_id: "x",
            requests: [{ t: 2, type: "s", in: 70, out: 6, hash_ids: [1], think_time: 1.5 }],
          },
          { t: 20, type: "s", in: 200, out: 7, hash_ids: [1, 2, 3], think_time: 4 },
        ],
      },
      null,
      2,
    ),
    prompts: [130, 70, 200],
    outputs: [5, 6, 7],
    arrivals: [0, 12, 20],
    sessions: ["t1", "t1/x", "t1"],
  },
  {
    format: "tracelab",
    text: lines(
      {
        session_id: "c:1",
        round_index: 0,
        input_tokens_total: 100,
        prefix_tokens: 60,
        output_tokens: 9,
        reasoning_output_tokens: null,
        timing_events: [{ event_type: "user_message", timestamp: "2026-06-01T05:40:20.151Z" }],
      },
      {
        session_id: "c:1",
        round_index: 1,
        input_tokens_total: 120,
        prefix_tokens: 100,
        output_tokens: 8,
        reasoning_output_tokens: 3,
        timing_events: [
          { event_type: "reasoning", timestamp: "2026-06-01T05:40:29.000Z" },
          { event_type: "tool_result", timestamp: "2026-06-01T05:40:30.151Z" },
        ],
      },
    ),
    prompts: [100, 120],
    outputs: [9, 8],
    arrivals: [0, 10],
    sessions: ["c:1", "c:1"],
  },
  {
    format: "llmservingsim",
    text: lines(
      { input_toks: 10, output_toks: 20, arrival_time_ns: 1_000_000_000 },
      { input_toks: 11, output_toks: 21, arrival_time_ns: 3_500_000_000 },
    ),
    prompts: [10, 11],
    outputs: [20, 21],
    arrivals: [0, 2.5],
  },
  {
    format: "llmservingsim",
    text: lines({
      session_id: "a",
      arrival_time_ns: 0,
      sub_requests: [
        { input_toks: 10, output_toks: 1, tool_duration_ns: 2_000_000_000 },
        { input_toks: 18, output_toks: 2, tool_duration_ns: 0 },
      ],
    }),
    prompts: [10, 18],
    outputs: [1, 2],
    arrivals: [0, 2],
    sessions: ["a", "a"],
  },
  {
    format: "aibrix",
    text: lines(
      {
        timestamp: 0,
        requests: [
          { Prompt: "x", "Prompt Length": 4, "Output Length": 5 },
          { "Prompt Length": 6, "Output Length": 7 },
        ],
      },
      { timestamp: 1500, requests: [] },
      { timestamp: 2000, requests: [{ "Prompt Length": 8, "Output Length": 9, session_id: 3 }] },
    ),
    prompts: [4, 6, 8],
    outputs: [5, 7, 9],
    arrivals: [0, 0, 2],
    sessions: ["", "", "3"],
  },
  {
    format: "vllm bench serve",
    text: JSON.stringify({
      backend: "vllm",
      input_lens: [5, 6, 7],
      output_lens: [8, 9, 10],
      start_times: [100.5, 101, 103.5],
      errors: ["", "timeout", ""],
      ttfts: [0.1, 0, 0.2],
    }),
    prompts: [5, 7],
    outputs: [8, 10],
    arrivals: [0, 3],
    failed: 1,
  },
];
