import type { Rng } from "../core/rng.js";
import type { NamedDraw } from "./seconds.js";
import type { Sender } from "./sender.js";
import { joined, TEXT_TOKENS, type Stretch, type Texts } from "./text.js";
import type { RequestLengths, RequestSpec } from "./workload.js";

/** What a session carries from one request to the next: all tokens, or no reasoning from before the user's last word. */
export const HISTORIES = ["answers", "all"] as const;
export type History = (typeof HISTORIES)[number];

/**
 * How requests follow each other. A session is a number of turns; in each the user says something, and the model answers
 * after it has called tools: every call ends one request and sets off the next.
 */
export interface SessionShape {
  readonly turns: NamedDraw; // at least 1
  readonly thinkSeconds: NamedDraw; // from the end of a turn to the next request of the user
  readonly toolCalls: NamedDraw; // of a turn
  readonly toolSeconds: NamedDraw; // from the end of a request to the next request of its turn
  readonly history: History;
}

/** Streams of one session or user; nothing that others do shifts them. */
export interface SessionStreams {
  readonly sender: Sender; // of the whole session
  readonly prefix: readonly Stretch[]; // what its prompts begin with, beside their lengths
  samples(): readonly RequestLengths[]; // of one question
  readonly shape: Rng; // turns and tool calls
  readonly time: Rng; // think and tool times
}

/** A question: the lengths of its samples, and what to do when the last of them has ended. */
export interface Question {
  readonly arrival: number; // seconds
  readonly samples: readonly RequestLengths[]; // prompts with history
  readonly session: string;
  readonly sender: Sender;
  readonly promptText: readonly Stretch[] | undefined; // of all samples; undefined if nobody else says it
  readonly outputText: number | undefined; // number of the first token of the output; undefined if nothing follows
  /** undefined: nothing follows. */
  readonly ended: ((last: RequestSpec, now: number, served: boolean) => readonly RequestSpec[]) | undefined;
}

/** Makes requests of a question; none once the workload has ended. */
export type Ask = (question: Question) => readonly RequestSpec[];

/** After a refusal a client waits at least as long, or one that need not think would try without end in no time. */
const REFUSED_SECONDS = 1;

/** What a session has said so far, a piece of it. */
interface Piece extends Stretch {
  readonly thought: boolean; // reasoning since the user's last word
}

/** One user or one session of an open loop. A user begins the next session when one is over. */
export class Asker {
  readonly #shape: SessionShape;
  readonly #streams: SessionStreams;
  readonly #ask: Ask;
  readonly #name: string;
  readonly #again: boolean;
  readonly #texts: Texts;
  #session = 0;
  #turns = 0; // that remain after this one
  #calls = 0; // tool calls that remain in this turn
  #history: Piece[] = []; // that the next prompt carries
  #text = 0; // number of its next token
  #textEnd = 0;

  constructor(
    shape: SessionShape,
    streams: SessionStreams,
    { ask, texts }: { readonly ask: Ask; readonly texts: Texts },
    name: string,
    again: boolean,
  ) {
    this.#shape = shape;
    this.#streams = streams;
    this.#ask = ask;
    this.#texts = texts;
    this.#name = name;
    this.#again = again;
    this.#begin();
  }

  /** Seconds the user thinks. */
  thinks(): number {
    return this.#shape.thinkSeconds.draw(this.#streams.time);
  }

  /** The next question of the session, at `arrival` seconds. */
  ask(arrival: number): readonly RequestSpec[] {
    const session = this.#again ? `${this.#name}.${this.#session}` : this.#name;
    const samples = this.#streams.samples();
    const said = samples[0]?.promptTokens ?? 0;
    const goesOn = this.#turns > 0 || this.#calls > 0;
    const alone = !goesOn && this.#history.length === 0 && samples.length === 1;
    if (this.#text + TEXT_TOKENS / 2 > this.#textEnd) {
      this.#text = this.#texts.take();
      this.#textEnd = this.#text + TEXT_TOKENS;
    }
    const before = tokensOf(this.#history);
    this.#history.push({ start: this.#text, tokens: said, thought: false });
    this.#text += said;
    return this.#ask({
      arrival,
      session,
      sender: this.#streams.sender,
      samples: samples.map((each) => ({ ...each, promptTokens: each.promptTokens + before })),
      promptText: alone ? undefined : joined(this.#history),
      outputText: goesOn ? this.#text : undefined,
      ended: (last, now, served) => this.#next(last, now, served),
    });
  }

  #begin(): void {
    this.#turns = this.#shape.turns.draw(this.#streams.shape) - 1;
    this.#calls = this.#shape.toolCalls.draw(this.#streams.shape);
    this.#history = this.#streams.prefix.map((piece) => ({ ...piece, thought: false }));
    this.#textEnd = 0;
  }

  #next(last: RequestSpec, now: number, served: boolean): readonly RequestSpec[] {
    if (!served) return this.#over(now + REFUSED_SECONDS); // the history has outgrown the context
    const { outputText: start = 0, outputTokens, reasoningTokens } = last;
    this.#history.push(
      { start, tokens: reasoningTokens, thought: true },
      { start: start + reasoningTokens, tokens: outputTokens - reasoningTokens, thought: false },
    );
    if (start === this.#text) this.#text += outputTokens;
    if (this.#calls > 0) {
      this.#calls--;
      return this.ask(now + this.#shape.toolSeconds.draw(this.#streams.time));
    }
    if (this.#turns === 0) return this.#over(now);
    this.#turns--;
    if (this.#shape.history === "answers") this.#history = this.#history.filter(({ thought }) => !thought);
    else this.#history = joined(this.#history).map((piece) => ({ ...piece, thought: false }));
    this.#calls = this.#shape.toolCalls.draw(this.#streams.shape);
    return this.ask(now + this.thinks());
  }

  #over(now: number): readonly RequestSpec[] {
    if (!this.#again) return [];
    this.#session++;
    this.#begin();
    return this.ask(now + this.thinks());
  }
}

function tokensOf(pieces: readonly Stretch[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** Whether a session has several requests, each of which begins as the one before. */
export function continues({ turns, toolCalls }: SessionShape): boolean {
  return turns.name !== "1" || toolCalls.name !== "0";
}

/** What a reader of results must know of sessions. */
export function sessionNotes(shape: SessionShape): string[] {
  const { turns, thinkSeconds, toolCalls, toolSeconds, history } = shape;
  const notes: string[] = [];
  if (turns.name !== "1") notes.push(`Turns of a session: ${turns.name}; thinking between them: ${thinkSeconds.name}.`);
  if (toolCalls.name !== "0") {
    notes.push(
      `Tool calls of a turn: ${toolCalls.name}, each ${toolSeconds.name}; a result is as long as a prompt of the workload.`,
    );
  }
  if (notes.length === 0) return notes;
  const kept = history === "all" ? "reasoning included" : "without the reasoning from before the user's last question";
  return [...notes, `A prompt carries the session's earlier tokens, ${kept}.`];
}
