/** Creates the log of a program as `LOG_LEVEL` and `LOG_FORMAT` say. */
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { createLogger } from './observe/logger.ts';

/**
 * Creates the log. The formatting for people is loaded only when it is used.
 * @param stream where lines are written; with the format `auto`, people read it if it is a terminal
 */
export async function openLog(
  { logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>,
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stdout,
): Promise<Logger> {
  const pretty = logFormat === 'pretty' || (logFormat === 'auto' && stream.isTTY === true);
  if (!pretty) return createLogger(logLevel, stream);
  const { prettyLog } = await import('./observe/pretty-log.ts');
  return createLogger(logLevel, prettyLog(stream));
}
