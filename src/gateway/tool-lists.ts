/** Takes tools that may not be seen out of answers to `tools/list`: in JSON, and in the events of a stream. */
import { visit } from 'jsonc-parser';
import { GrowingBytes } from '../base/growing-bytes.ts';
import { folded, type ToolFilter } from './tool-filter.ts';

/** Bytes of a list, and of an event. */
export const MAX_LIST = 8 * 1024 * 1024;
/**
 * Text without this has no list of tools. A key can be written with escapes, a lenient parser takes U+017F for `s`, and NUL
 * stands in text that is not UTF-8.
 */
const MAY_HAVE_TOOLS = /tools|\\u|\0/iu;
const [LF, CR, COLON] = [0x0a, 0x0d, 0x3a];

/** A list or an event that is too long, or that cannot be read. */
export class UnreadableList extends Error {
  override readonly name = 'UnreadableList';
}

/**
 * Takes the hidden tools out of an answer; everything else stays as it is, byte for byte. What is hidden is so for parsers that
 * take the first or the last of repeated keys, and for those to whom case does not matter.
 * @returns the same text when there are none
 * @throws {UnreadableList} when it is not JSON
 */
export function withoutHiddenTools(text: string, shows: ToolFilter): string {
  if (!MAY_HAVE_TOOLS.test(text)) return text;
  // Some clients drop a byte order mark before they parse.
  const json = text.replace(/^\uFEFF/, '');
  let cuts: Cut[];
  try {
    JSON.parse(json);
    cuts = cutsIn(json, shows);
  } catch (error) {
    throw new UnreadableList('the answer is not JSON, or too deep', { cause: error });
  }
  if (cuts.length === 0) return text;
  let [shown, from] = ['', 0];
  for (const { start, end, kept } of cuts) {
    shown += json.slice(from, start) + kept.join(',');
    from = end;
  }
  return shown + json.slice(from);
}

/** The tools of one list, from the first to the last, and those that are shown. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly kept: readonly string[];
}

/** An object or a list that has begun. */
interface Level {
  readonly kind: 'batch' | 'message' | 'result' | 'tools' | 'tool' | 'other';
  readonly start: number;
  /** The folded key whose value comes next. */
  key: string;
  /** The names of a tool: one, or more where the key is repeated. An object or a list is none. */
  readonly names: unknown[];
  /** The elements of a list of tools. */
  readonly elements: { readonly start: number; readonly end: number; readonly isShown: boolean }[];
}

/** Any level of which nothing counts; there can be millions. */
const OTHER: Level = { kind: 'other', start: 0, key: '', names: [], elements: [] };

/** What a value is, by where it stands. */
function kindOf(parent: Level | undefined, isList: boolean): Level['kind'] {
  if (parent === undefined) return isList ? 'batch' : 'message';
  if (parent.kind === 'batch' && !isList) return 'message';
  if (parent.kind === 'message' && parent.key === 'result' && !isList) return 'result';
  if (parent.kind === 'result' && parent.key === 'tools' && isList) return 'tools';
  return parent.kind === 'tools' && !isList ? 'tool' : 'other';
}

/** Finds the lists with hidden tools in a text that is JSON. @throws {RangeError} when it is nested too deep */
function cutsIn(json: string, shows: ToolFilter): Cut[] {
  const cuts: Cut[] = [];
  const levels: Level[] = [];
  const begin = (isList: boolean, start: number) => {
    const parent = levels.at(-1);
    const kind = kindOf(parent, isList);
    levels.push(
      kind === 'other' && parent?.kind !== 'tools' ? OTHER : { kind, start, key: '', names: [], elements: [] },
    );
  };
  const end = (at: number) => {
    const level = levels.pop();
    const parent = levels.at(-1);
    if (level === undefined) return;
    const { kind, start, names, elements } = level;
    if (kind === 'tools' && elements.some(({ isShown }) => !isShown)) {
      const kept = elements.filter(({ isShown }) => isShown).map((shown) => json.slice(shown.start, shown.end));
      cuts.push({ start: elements[0]?.start ?? start, end: elements.at(-1)?.end ?? start, kept });
    }
    const isShown =
      kind === 'tool' && names.length > 0 && names.every((name) => typeof name === 'string' && shows(name));
    if (parent?.kind === 'tools') parent.elements.push({ start, end: at, isShown });
  };
  visit(json, {
    onObjectBegin: (offset) => begin(false, offset),
    onArrayBegin: (offset) => begin(true, offset),
    onObjectEnd: (offset, length) => end(offset + length),
    onArrayEnd: (offset, length) => end(offset + length),
    onObjectProperty(key) {
      const level = levels.at(-1);
      if (level !== undefined && level.kind !== 'other') level.key = folded(key);
    },
    onLiteralValue(value, offset, length) {
      const level = levels.at(-1);
      if (level?.kind === 'tool' && level.key === 'name') level.names.push(value);
      if (level?.kind === 'tools') level.elements.push({ start: offset, end: offset + length, isShown: false });
    },
  });
  return cuts;
}

/**
 * An event stream, event by event. Events without a hidden tool pass byte for byte, those without data and comments too.
 * @see HTML Living Standard, "Parsing an event stream"
 */
export class ToolListEvents {
  readonly #shows: ToolFilter;
  readonly #hold: (bytes: number) => void;
  /** Lines of the event that has not ended, and the bytes behind them. */
  readonly #pending = new GrowingBytes();
  /** Where the first line begins that has not ended, and up to where its end was searched. */
  #line = 0;
  #searched = 0;
  #hasBegun = false;
  /** What comes behind an event that cannot be read is not passed either. */
  #failure: UnreadableList | undefined;

  /** @param hold counts the bytes that are held; what it throws ends the stream */
  constructor(shows: ToolFilter, hold: (bytes: number) => void = () => {}) {
    this.#shows = shows;
    this.#hold = hold;
  }

  /**
   * @returns the bytes of the events that have ended
   * @throws {UnreadableList}
   * @throws what `hold` throws
   */
  push(chunk: Buffer): Buffer {
    this.#pending.append(chunk);
    const shown = this.#take(false);
    this.#hold(this.#pending.capacity);
    if (this.#pending.bytes.length > MAX_LIST) throw this.#fail('an event is too long');
    return shown;
  }

  /**
   * The stream ended.
   * @returns the event that has not ended, because some clients take it for one; nothing when it cannot be read
   * @throws {UnreadableList} when an event that has ended cannot be read
   */
  end(): Buffer {
    const shown = this.#take(true);
    try {
      return Buffer.concat([shown, this.#filtered(this.#pending.bytes)]);
    } catch (error) {
      if (error instanceof UnreadableList) return shown;
      throw error;
    }
  }

  /** Takes the events that have ended. @param isOver whether no more bytes come */
  #take(isOver: boolean): Buffer {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = this.#pending.bytes;
    const done: Buffer[] = [];
    let start = 0;
    for (let end = this.#eventEnd(bytes, 0, isOver); end > 0; end = this.#eventEnd(bytes, start, isOver)) {
      try {
        done.push(this.#filtered(bytes.subarray(start, end)));
      } catch (error) {
        throw error instanceof UnreadableList ? this.#fail(error.message, error) : error;
      }
      start = end;
    }
    const shown = Buffer.concat(done);
    this.#pending.drop(start);
    this.#line -= start;
    this.#searched -= start;
    return shown;
  }

  #fail(message: string, cause?: unknown): UnreadableList {
    this.#failure = new UnreadableList(message, { cause });
    return this.#failure;
  }

  /** The position behind the empty line that ends the event at a position; 0 when it has not come. */
  #eventEnd(bytes: Buffer, start: number, isOver: boolean): number {
    while (this.#line < bytes.length) {
      const at = this.#line;
      const next = lineEnd(bytes, Math.max(at, this.#searched), isOver);
      if (next === 0) {
        // The last byte is searched again, because a line feed may follow it.
        this.#searched = bytes.length - 1;
        return 0;
      }
      this.#line = next;
      const isEmpty = bytes[at] === LF || bytes[at] === CR;
      // A comment passes at once, because servers send them to keep connections alive.
      if (isEmpty || (at === start && bytes[at] === COLON)) return next;
    }
    return 0;
  }

  #filtered(event: Buffer): Buffer {
    if (event.length > MAX_LIST) throw new UnreadableList('an event is too long');
    // A byte order mark may stand at the beginning of a stream.
    const text = this.#hasBegun ? event.toString('utf8') : event.toString('utf8').replace(/^\uFEFF/, '');
    this.#hasBegun = true;
    const lines = text.split(/\r\n|\r|\n/);
    const data = lines.flatMap((line) => /^data(?:: ?|$)(.*)$/s.exec(line)?.[1] ?? []).join('\n');
    const shown = withoutHiddenTools(data, this.#shows);
    if (shown === data) return event;
    const others = lines.filter((line) => line !== '' && !/^data(?::|$)/.test(line));
    return Buffer.from(`${[...others, ...shown.split('\n').map((line) => `data: ${line}`)].join('\n')}\n\n`);
  }
}

/** The position behind the end of a line, searched from a position; 0 when it has not come. */
function lineEnd(bytes: Buffer, from: number, isOver: boolean): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] !== CR) continue;
    // A line feed behind a carriage return belongs to it, and may be the first byte of the next chunk.
    if (at + 1 === bytes.length) return isOver ? at + 1 : 0;
    return bytes[at + 1] === LF ? at + 2 : at + 1;
  }
  return 0;
}
