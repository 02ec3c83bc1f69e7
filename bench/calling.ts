/** A bridge whose sessions call the built-in tool, by turns: a contestant of several rows. */
import type { ServerProcess } from './processes.ts';
import type { Contestant } from './race.ts';
import { callTool, type Era } from './requests.ts';
import type { MadeSession, Sessions } from './sessions.ts';

/** Sessions that call. */
const CALLERS = 16;

interface CallingBridge {
  readonly name: string;
  readonly urls: readonly string[];
  readonly processes: readonly ServerProcess[];
  readonly sessions: Sessions;
  readonly era?: Era;
  /** The sessions that call; default: new ones. */
  readonly callers?: readonly MadeSession[];
}

/** @param bridge one process or several on the same store; each sender uses one of them */
export async function calling(bridge: CallingBridge): Promise<Contestant> {
  const { name, urls, processes, sessions, era = '2025-06-18' } = bridge;
  const callers = bridge.callers ?? (await sessions.make(CALLERS));
  const tokens = await Promise.all(callers.map((session) => sessions.accessToken(session)));
  let next = 0;
  return {
    name,
    processes,
    run(worker) {
      const accessToken = tokens[next++ % tokens.length] ?? '';
      return callTool(`${urls[worker % urls.length]}/mcp`, { era, accessToken });
    },
  };
}
