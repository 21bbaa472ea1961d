import { absent, blocksOf, type Fail, listOf, nameOf, type Row, rowOf, secondsOf, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";
import type { LogRows } from "./log-rows.js";

/**
 * Coding-agent sessions of kv-cache-tester and WEKA: github.com/callanjfox/kv-cache-tester, Apache-2.0. A JSON object a
 * session, with the calls of its sub-agents nested. Block ids count from 1 in every session, complete blocks only.
 */
export const KV_CACHE_TESTER: JsonFormat = {
  name: "kv-cache-tester",
  marks: "block_size, hash_id_scope and requests",
  matches: (row) => "block_size" in row && "hash_id_scope" in row && Array.isArray(row["requests"]),
  open() {
    const seen = new Set<string>();
    let blockTokens: number | null | undefined; // null: not the same in all sessions
    return {
      read(session, rows, fail, path) {
        const id = nameOf(session["id"], "id", fail) || String(seen.size + 1);
        if (seen.has(id)) throw fail(`the session ${id} is there twice`);
        seen.add(id);
        const size = tokensOf(session["block_size"], "block_size", fail);
        if (size === 0) throw fail("block_size 0 is not a size");
        blockTokens = blockTokens === undefined || blockTokens === size ? size : null;
        const scope = session["hash_id_scope"] === "local" ? id : "";
        addCalls(session, { id, scope, startS: 0, depth: 0, rows, fail, path });
      },
      traits: () => ({
        ticksPerSecond: 1,
        blockTokens: blockTokens ?? null,
        notes: seen.size > 1 ? ["Sessions have no common clock: all of them start at 0 s."] : [],
      }),
    };
  },
};

interface Place {
  readonly id: string;
  readonly scope: string;
  readonly startS: number;
  readonly depth: number;
  readonly rows: LogRows;
  readonly fail: Fail;
  readonly path: string;
}

function addCalls(parent: Row, place: Place): void {
  const { id, scope, startS, rows, fail, path } = place;
  if (place.depth > 16) throw fail("sub-agents are nested more than 16 deep");
  for (const [i, item] of listOf(parent["requests"], "requests", fail).entries()) {
    const where: Fail = (problem) => fail(`requests[${i}] of ${id}: ${problem}`);
    const call = rowOf(item, `requests[${i}]`, fail);
    const time = startS + secondsOf(call["t"], "t", where);
    if (call["requests"] !== undefined) {
      const agent = nameOf(call["agent_id"], "agent_id", where) || String(i);
      addCalls(call, { ...place, id: `${id}/${agent}`, startS: time, depth: place.depth + 1, fail: where });
      continue;
    }
    const prompt = tokensOf(call["in"], "in", where);
    const output = tokensOf(call["out"], "out", where);
    const ids = absent(call["hash_ids"]) ? [] : blocksOf(call["hash_ids"], "hash_ids", where);
    const think = absent(call["think_time"]) ? undefined : secondsOf(call["think_time"], "think_time", where);
    if (!rows.add(time, prompt, output, 0, 0, id)) continue;
    rows.blocks(ids, scope, path);
    if (think !== undefined) rows.think(think);
  }
}
