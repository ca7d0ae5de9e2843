import type { TranscriptEvent } from '../../transcriber/transcriber.ts';
import { saidAfter, saidBefore } from './cutWords.ts';

type Utterance = {
  id: string;
  /** What was heard before this second is told already. */
  from: number;
  /** As it was last told; undefined while nothing was. */
  told: TranscriptEvent | undefined;
  /** Whether it was told by an earlier call, and is not yet heard again as far. */
  behind: boolean;
};

/**
 * Joins what one call of an engine after the other hears into utterances of the stretch: each with an id of its own
 * and exactly one final, none of it told twice. The events it is given are in seconds of the stream, and so are those
 * it answers.
 */
export class Stitcher {
  /** By the id that the engine gave them. */
  readonly #open = new Map<string, Utterance>();
  /** Left open by a call that is over: the next may hear it again. */
  #carried: (Utterance & { told: TranscriptEvent }) | undefined;
  #heardUntil = 0;
  #ids = 0;

  /** Until which second all that was said is told in finals and gaps. */
  get heardUntil(): number {
    return this.#heardUntil;
  }

  /** Whether something is half said. */
  get open(): boolean {
    return this.#open.size > 0 || this.#carried !== undefined;
  }

  /** What is to be told now that the call under way heard this. */
  hear(event: TranscriptEvent): TranscriptEvent[] {
    const known = this.#open.get(event.utteranceId);
    const said = saidAfter(event, known?.from ?? this.#heardUntil);
    if (said?.text.trim()) {
      const closed = known ? [] : this.#leaveBehind(said);
      return [...closed, ...this.#tell(said, known ?? this.#begin(event.utteranceId))];
    }
    // A final of nothing takes a partial back. Everybody has read that partial, so it stands as it was.
    return known && event.type === 'final' ? this.#close(event.utteranceId, known) : [];
  }

  /** The call under way is over: what it left open waits to be heard again, and of several the last. */
  breakOff(): TranscriptEvent[] {
    const open = [...this.#open].filter(([, { told }]) => told);
    open.sort(([, a], [, b]) => (a.told?.start ?? 0) - (b.told?.start ?? 0));
    const last = open.pop()?.[1];
    const closed = open.flatMap(([key, utterance]) => this.#close(key, utterance));
    this.#open.clear();
    if (last?.told) this.#carried = { ...last, told: last.told };
    return closed;
  }

  /** The audio before this second is gone: what was half said in it stands as it was told. */
  lose(until: number): TranscriptEvent[] {
    const told = this.#carried?.told;
    if (!told || told.start >= until) return [];
    const said = told.words.length === 0 ? told : saidBefore(told, until);
    return said ? this.#closeCarried(said) : [];
  }

  /** Nothing before this second will be told any more. */
  pass(until: number): void {
    this.#heardUntil = Math.max(this.#heardUntil, until);
  }

  /** Nothing more will be heard: what is half said stands as it was told. */
  end(): TranscriptEvent[] {
    const carried = this.#carried ? this.#closeCarried(this.#carried.told) : [];
    return [...carried, ...[...this.#open].flatMap(([key, utterance]) => this.#close(key, utterance))];
  }

  #begin(key: string): Utterance {
    const told = this.#carried?.told;
    const id = this.#carried?.id ?? this.#nextId();
    const utterance = { id, from: this.#heardUntil, told, behind: told !== undefined };
    this.#carried = undefined;
    this.#open.set(key, utterance);
    return utterance;
  }

  /** What begins only after the end of what was left open is not the same again. */
  #leaveBehind({ start }: TranscriptEvent): TranscriptEvent[] {
    const told = this.#carried?.told;
    return told && start >= told.end ? this.#closeCarried(told) : [];
  }

  #tell(said: TranscriptEvent, utterance: Utterance): TranscriptEvent[] {
    const key = said.utteranceId;
    const event = { ...said, utteranceId: utterance.id };
    if (said.type === 'final') return [this.#finish(event, key)];
    // Heard again from its beginning: shown once there is more of it than people have read.
    if (utterance.behind && utterance.told && said.end < utterance.told.end) return [];
    utterance.behind = false;
    utterance.told = event;
    return [event];
  }

  #close(key: string, { told }: Utterance): TranscriptEvent[] {
    this.#open.delete(key);
    return told ? [this.#finish(told, key)] : [];
  }

  #closeCarried(said: TranscriptEvent): TranscriptEvent[] {
    this.#carried = undefined;
    this.pass(said.end);
    return [asFinal(said)];
  }

  #finish(said: TranscriptEvent, key: string): TranscriptEvent {
    this.#open.delete(key);
    this.pass(said.end);
    return asFinal(said);
  }

  #nextId(): string {
    this.#ids += 1;
    return String(this.#ids);
  }
}

function asFinal(said: TranscriptEvent): TranscriptEvent {
  return { ...said, type: 'final', stableChars: said.text.length };
}
