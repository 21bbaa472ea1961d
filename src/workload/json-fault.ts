const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|-?(?:NaN|Infinity)\b/g;
const ODD = /^-?[NI]/;

/**
 * Why a text is not JSON, if Python is the reason: its json module writes NaN and Infinity, which JSON does not have. Says
 * where the first one is, "ttfts[3] is NaN, …"; undefined if the text is damaged in any other way.
 */
export function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text.replace(TOKENS, (token) => (ODD.test(token) ? "null" : token)));
  } catch {
    return undefined;
  }
  let [key, before, item] = ["", "", -1]; // item: index in the innermost list; -1 outside of any
  const outer: [key: string, item: number][] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ":") key = before.slice(1, -1);
    else if (token === "[" || token === "{") {
      outer.push([key, item]);
      item = token === "[" ? 0 : -1;
    } else if (token === "]" || token === "}") [key, item] = outer.pop() ?? ["", -1];
    else if (token === "," && item >= 0) item++;
    else if (ODD.test(token)) {
      const where = `${key.slice(0, 80)}${item < 0 ? "" : `[${item}]`}`;
      return `${where === "" ? "a value" : where} is ${token}, which Python writes and JSON does not have`;
    }
    before = token;
  }
  return undefined;
}
