/** Takes tools that may not be seen out of answers to `tools/list`: in JSON, and in the events of a stream. */
import { z } from 'zod';
import type { ToolFilter } from './tool-filter.ts';

/** Bytes of a list, and of an event. */
export const MAX_LIST = 8 * 1024 * 1024;
/** Text without this has no list of tools. A key can be written with escapes. */
const MAY_HAVE_TOOLS = /tools|\\u/i;
const [LF, CR, COLON] = [0x0a, 0x0d, 0x3a];

/** A list or an event that is too long, or that cannot be read. */
export class UnreadableList extends Error {
  override readonly name = 'UnreadableList';
}

const answerSchema = z.looseObject({ result: z.looseObject({ tools: z.array(z.unknown()) }) });
const toolSchema = z.object({ name: z.string() });

/**
 * Takes the hidden tools out of an answer.
 * @returns the same text when there are none
 * @throws {UnreadableList} when it is not JSON
 */
export function withoutHiddenTools(text: string, shows: ToolFilter): string {
  if (!MAY_HAVE_TOOLS.test(text)) return text;
  let answer: unknown;
  try {
    answer = JSON.parse(text, keepNumbers as Parameters<typeof JSON.parse>[1]);
  } catch (error) {
    throw new UnreadableList('the answer is not JSON', { cause: error });
  }
  const answers = Array.isArray(answer) ? answer : [answer];
  const hidden = answers.map((one) => hide(one, shows)).filter(Boolean).length;
  return hidden === 0 ? text : JSON.stringify(answer);
}

/** Removes the hidden tools from a parsed answer. @returns whether there were some */
function hide(answer: unknown, shows: ToolFilter): boolean {
  if (!answerSchema.safeParse(answer).success) return false;
  const { result } = answer as { result: { tools: unknown[] } };
  const shown = result.tools.filter((tool) => {
    const { data } = toolSchema.safeParse(tool);
    return data !== undefined && shows(data.name);
  });
  if (shown.length === result.tools.length) return false;
  result.tools = shown;
  return true;
}

/** Numbers keep their spelling: an id may have more digits than a JavaScript number (ECMAScript, JSON.rawJSON). */
function keepNumbers(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

/**
 * An event stream, event by event. Events without a list pass byte for byte, those without data and comments too.
 * @see HTML Living Standard, "Parsing an event stream"
 */
export class ToolListEvents {
  readonly #shows: ToolFilter;
  /** Lines of the event that has not ended, and of the bytes behind it. */
  #pending: Buffer = Buffer.alloc(0);
  /** Up to here `#pending` was searched for the end of an event. */
  #searched = 0;

  constructor(shows: ToolFilter) {
    this.#shows = shows;
  }

  /** @returns the bytes of the events that have ended @throws {UnreadableList} */
  push(chunk: Buffer): Buffer {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const done: Buffer[] = [];
    for (let end = this.#eventEnd(); end > 0; end = this.#eventEnd()) {
      done.push(this.#filtered(this.#pending.subarray(0, end)));
      this.#pending = this.#pending.subarray(end);
      this.#searched = 0;
    }
    if (this.#pending.length > MAX_LIST) throw new UnreadableList('an event is too long');
    return Buffer.concat(done);
  }

  /** The stream ended: an event that has not ended is not one, so it is dropped. */
  end(): Buffer {
    const ended = this.#pending.at(-1) === CR;
    const last = ended ? this.push(Buffer.from([LF])) : this.#pending.subarray(0, 0);
    return ended && last.length > 0 ? last.subarray(0, -1) : last;
  }

  /** The position behind the empty line that ends the first event; 0 when it has not come. */
  #eventEnd(): number {
    const bytes = this.#pending;
    for (let at = this.#searched; at < bytes.length; ) {
      const next = lineEnd(bytes, at);
      if (next === 0) {
        // The line is searched again, because it may end in the next chunk.
        this.#searched = at;
        return 0;
      }
      const isEmpty = bytes[at] === LF || bytes[at] === CR;
      // A comment passes at once, because servers send them to keep connections alive.
      if (isEmpty || (at === 0 && bytes[0] === COLON)) return next;
      at = next;
      this.#searched = at;
    }
    return 0;
  }

  #filtered(event: Buffer): Buffer {
    if (event.length > MAX_LIST) throw new UnreadableList('an event is too long');
    const lines = event.toString('utf8').split(/\r\n|\r|\n/);
    const data = lines.flatMap((line) => /^data(?:: ?|$)(.*)$/s.exec(line)?.[1] ?? []).join('\n');
    if (data === '') return event;
    const shown = withoutHiddenTools(data, this.#shows);
    if (shown === data) return event;
    const others = lines.filter((line) => line !== '' && !/^data(?::|$)/.test(line));
    return Buffer.from(`${[...others, `data: ${shown}`].join('\n')}\n\n`);
  }
}

/** The position behind the line that begins at a position; 0 when its end has not come. */
function lineEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LF) return at + 1;
    // A line feed behind a carriage return belongs to it, and may be the first byte of the next chunk.
    if (bytes[at] === CR) return at + 1 === bytes.length ? 0 : bytes[at + 1] === LF ? at + 2 : at + 1;
  }
  return 0;
}
