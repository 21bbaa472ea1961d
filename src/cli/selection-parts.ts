import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { PlacedSelection } from "../replay/selection.js";

const FLUSH_CHARACTERS = 1 << 16;

/** Where a selection belongs among all: the policy by its place in the list. */
export interface PartPlace {
  readonly policy: number;
  readonly layer: number;
  readonly head: number;
  readonly queryHead?: number;
}

/**
 * Writes selections as they come, in order of steps for each policy and head, into one file for each of them, so that
 * whoever joins the files need not sort. Holds at most 64 KiB of text for each open file.
 */
export class SelectionParts {
  private readonly folder: string;
  private readonly labels: readonly string[]; // per policy: what its lines begin with
  private readonly open = new Map<string, string>(); // name of the part: text not yet written

  /** `names`: of the policies. A line says which one it is of if there are several. */
  constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    this.labels = names.map((name) => (names.length > 1 ? `"policy":${JSON.stringify(name)},` : ""));
  }

  add(policy: number, { layer, head, queryHead, step, kept, read }: PlacedSelection): void {
    const place = { policy, layer, head, ...(queryHead === undefined ? {} : { queryHead }) };
    const which = queryHead === undefined ? "" : `"queryHead":${queryHead},`;
    const line = `{${this.labels[policy] ?? ""}"layer":${layer},"head":${head},${which}"step":${step},"kept":${ranges(kept)},"read":${ranges(read)}}\n`;
    const name = partName(place);
    const text = (this.open.get(name) ?? "") + line;
    this.open.set(name, text.length < FLUSH_CHARACTERS ? text : this.write(name, text));
  }

  /** Writes what is left. */
  flush(): void {
    for (const [name, text] of this.open) this.write(name, text);
    this.open.clear();
  }

  private write(name: string, text: string): string {
    appendFileSync(join(this.folder, name), text);
    return "";
  }
}

/** "3-14-0" or "3-14-0-2": policy, layer, KV head and perhaps query head. */
function partName({ policy, layer, head, queryHead }: PartPlace): string {
  return [policy, layer, head, ...(queryHead === undefined ? [] : [queryHead])].join("-");
}

/** The names of parts in the order in which they are joined: by policy, layer, head, query head. */
export function inOrder(names: readonly string[]): string[] {
  const keys = new Map(names.map((name) => [name, name.split("-").map(Number)]));
  return [...names].sort((a, b) => {
    const [left, right] = [keys.get(a) ?? [], keys.get(b) ?? []];
    const at = left.findIndex((value, i) => value !== right[i]);
    return at < 0 ? 0 : (left[at] as number) - (right[at] ?? -1);
  });
}

function ranges(pairs: PlacedSelection["kept"]): string {
  let text = "[";
  for (const [from, to] of pairs) text += text.length === 1 ? `[${from},${to}]` : `,[${from},${to}]`;
  return `${text}]`;
}
