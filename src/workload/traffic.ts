import { check } from "../core/check.js";
import { stream, type Rng } from "../core/rng.js";
import { hourlyClock } from "./arrivals.js";
import type { RateCurve } from "./rate-curve.js";
import type { Sender } from "./sender.js";
import { Asker, type Ask, type Question, type SessionShape } from "./sessions.js";
import { Texts, type Stretch } from "./text.js";
import type { ArrivalProcess, RequestDraft, RequestLengths, RequestSpec } from "./workload.js";

/** When questions are asked: at a rate, or by users who each wait for their answer. */
export type Load =
  | {
      readonly kind: "open";
      readonly process: ArrivalProcess;
      readonly curve: (RateCurve & { readonly startHour: number }) | undefined; // of the rate over the day
      readonly sessions: SessionShape | undefined; // that begin at the rate; undefined: every question stands alone
    }
  | { readonly kind: "closed"; readonly users: number; readonly sessions: SessionShape };

/** Everything that is drawn. */
export interface Traffic {
  readonly senders: readonly Sender[]; // at least one
  readonly bestOf: number; // samples of a question
  readonly prefixTokens: number; // that all prompts of a sender begin with, beside their lengths
  readonly load: Load;
  readonly end: End;
}

/** After so many questions, or with the last that is asked before `seconds`; the first to happen. */
export interface End {
  readonly requests: number;
  readonly seconds: number;
}

/** Requests of one run; those that follow from others come by their followUp. */
export function* trafficRequests(traffic: Traffic, seed: number): Generator<RequestSpec> {
  const { load, end, senders, bestOf, prefixTokens } = traffic;
  const texts = new Texts();
  const ask = asking(end, texts);
  const prefixes = new Map(senders.map((each) => [each, prefixTokens === 0 ? [] : [fresh(texts, prefixTokens)]]));
  const asker = (shape: SessionShape, name: string, again: boolean): Asker => {
    const prefix = `workload/session/${name}`;
    const sender = senderDraw(senders, stream(seed, `${prefix}/tenant`))();
    const streams = {
      sender,
      prefix: prefixes.get(sender) ?? [],
      samples: sampleDraw(sender, bestOf, seed, prefix),
      shape: stream(seed, `${prefix}/shape`),
      time: stream(seed, `${prefix}/time`),
    };
    return new Asker(shape, streams, { ask, texts }, name, again);
  };
  if (load.kind === "closed") {
    const users = Array.from({ length: load.users }, (_, i) => asker(load.sessions, String(i), true));
    const first = users.map((user) => ({ user, arrival: user.thinks() })).sort((a, b) => a.arrival - b.arrival);
    for (const { user, arrival } of first) yield* user.ask(arrival);
    return;
  }
  const { sessions } = load;
  const pick = senderDraw(senders, stream(seed, "workload/tenant"));
  const draws = new Map(
    senders.map((each) => [
      each,
      sampleDraw(each, bestOf, seed, each.name === "" ? "workload" : `workload/tenant/${each.name}`),
    ]),
  );
  const alone = (arrival: number): readonly RequestSpec[] => {
    const sender = pick();
    const lengths = draws.get(sender)?.() ?? [];
    const question = (samples: readonly RequestLengths[], promptText?: readonly Stretch[]): readonly RequestSpec[] =>
      ask({ arrival, session: "", sender, samples, promptText, outputText: undefined, ended: undefined });
    if (prefixTokens === 0 && bestOf === 1) return question(lengths);
    const own = bestOf > 1 ? lengths.slice(0, 1).map(({ promptTokens }) => fresh(texts, promptTokens)) : [];
    const samples = lengths.map((each) => ({ ...each, promptTokens: each.promptTokens + prefixTokens }));
    const promptText = [...(prefixes.get(sender) ?? []), ...own];
    return question(samples, promptText);
  };
  let index = 0;
  for (const arrival of arrivals(load.process, load.curve, seed)) {
    const requests = sessions === undefined ? alone(arrival) : asker(sessions, String(index++), false).ask(arrival);
    if (requests.length === 0) return;
    yield* requests;
  }
}

/** Turns questions into requests until as many have been asked, or time is up. */
function asking(end: End, texts: Texts): Ask {
  let asked = 0;
  let id = 0;
  return ({ arrival, samples, session, sender, promptText, outputText, ended }) => {
    if (asked >= end.requests || arrival >= end.seconds) return [];
    const group = asked++;
    const followUp = ended === undefined ? undefined : afterLast(samples.length, ended);
    const specs: RequestSpec[] = []; // not by map(), which V8 makes arrays of another kind of once it is compiled
    for (const { promptTokens, outputTokens, reasoningTokens } of samples) {
      const { priority, name } = sender;
      const spec: RequestDraft = {
        id: id++,
        arrival,
        promptTokens,
        outputTokens,
        reasoningTokens,
        priority,
        session,
      };
      if (name !== "") spec.tenant = name;
      if (samples.length > 1) spec.group = group;
      if (promptText !== undefined) spec.promptText = promptText;
      if (outputText !== undefined) spec.outputText = samples.length === 1 ? outputText : texts.take();
      if (followUp !== undefined) spec.followUp = followUp;
      specs.push(spec);
    }
    return specs;
  };
}

function fresh(texts: Texts, tokens: number): Stretch {
  return { start: texts.take(), tokens };
}

/** A vote waits for the last sample; the session goes on with that one's answer. */
function afterLast(samples: number, ended: NonNullable<Question["ended"]>): NonNullable<Question["ended"]> {
  let left = samples;
  return (last, now, served) => (--left === 0 ? ended(last, now, served) : []);
}

/** Picks by share; a single one without a draw. */
function senderDraw(senders: readonly Sender[], rng: Rng): () => Sender {
  const [only, ...others] = senders;
  check(only !== undefined, "nobody sends anything");
  if (others.length === 0) return () => only;
  const total = senders.reduce((sum, { share }) => sum + share, 0);
  return () => {
    let rest = rng() * total;
    return senders.find(({ share }) => (rest -= share) < 0) ?? only;
  };
}

/** A stream for each quantity, so that a change in how one is drawn leaves the others as they were. */
function sampleDraw(
  { lengths }: Sender,
  bestOf: number,
  seed: number,
  prefix: string,
): () => readonly RequestLengths[] {
  const prompt = stream(seed, `${prefix}/prompt`);
  if (!("drawFrom" in lengths)) return () => Array<RequestLengths>(bestOf).fill(lengths.draw(prompt));
  const each = { prompt, output: stream(seed, `${prefix}/output`), share: stream(seed, `${prefix}/share`) };
  return bestOf === 1 ? () => [lengths.drawFrom(each)] : () => lengths.drawSamples(each, bestOf);
}

/** The first arrival is at time 0, each other one a gap after the one before it. */
function* arrivals(
  process: ArrivalProcess,
  curve: (RateCurve & { readonly startHour: number }) | undefined,
  seed: number,
): Generator<number, never> {
  const gaps = stream(seed, "workload/arrivals");
  const clock = curve === undefined ? undefined : hourlyClock(curve.factors, curve.startHour);
  let operational = 0;
  for (let first = true; ; first = false) {
    if (!first) operational += process.gap(gaps);
    yield clock === undefined ? operational : clock(operational);
  }
}
