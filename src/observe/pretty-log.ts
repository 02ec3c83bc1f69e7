/**
 * The log for people: one line for each object, in colours on a terminal. It gets the lines of `logger.ts`, in which secrets are
 * replaced already. What strangers wrote (names of clients, paths) cannot move the cursor or begin a line: it is escaped.
 */
import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';

type Style = Parameters<typeof styleText>[0];

const LEVELS: Readonly<Record<string, Style>> = {
  fatal: ['red', 'bold'],
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'blue',
  trace: 'gray',
};
/** Characters of the widest level. */
const LEVEL_WIDTH = 5;

/**
 * Creates the destination of a logger.
 * @param stream where lines are written; in colours if it is a terminal and `NO_COLOR` is not set
 */
export function prettyLog(stream: NodeJS.WritableStream): DestinationStream {
  const paint = (style: Style, text: string) => styleText(style, text, { stream });
  return { write: (line) => void stream.write(`${prettyLine(JSON.parse(line), paint)}\n`) };
}

/** One line, and the lines of a stack below it. */
function prettyLine(object: Record<string, unknown>, paint: (style: Style, text: string) => string): string {
  const { level, time, event, message, stack, msg, ...rest } = object;
  const label = String(level);
  const members = Object.entries(rest).map(([name, value]) => `${paint('dim', `${name}=`)}${valueText(value)}`);
  const words = [event, message, msg].filter((each) => each !== undefined).map((each) => escaped(String(each)));
  const head = `${paint('dim', clock(time))} ${paint(LEVELS[label] ?? 'white', label.toUpperCase().padEnd(LEVEL_WIDTH))}`;
  const below = typeof stack === 'string' ? stack.split('\n').map((each) => `\n    ${escaped(each.trim())}`) : [];
  return [head, ...words, ...members].join(' ') + below.join('');
}

/** The time of day here: who looks at a terminal knows the date. */
function clock(time: unknown): string {
  const date = new Date(String(time));
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => String(each).padStart(2, '0')).join(':');
}

function valueText(value: unknown): string {
  return escaped(typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
}

/** Writes control and format characters as `\u{...}`. */
function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
}
