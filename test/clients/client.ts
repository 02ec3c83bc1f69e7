// What every client must do: log in, list the tools, call get_user_profile, and go on when its access token has expired, without
// asking the person.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Demo } from './demo.ts';
import type { EverythingServer } from './everything/server.ts';

export const TOOLS = [
  'get_auth_status',
  'get_user_profile',
  'list_organizations',
  'list_repositories',
  'list_user_emails',
];

/** A client that is logged in. */
export interface LoggedIn {
  /** The client id of its present registration at the bridge. */
  clientId(): string;
  /** How often the person was sent to log in. */
  logins(): number;
  /** How many seconds before the end of an access token it refreshes; 0 by default. */
  readonly refreshesAhead?: number;
  close(): Promise<void>;
}

/** A client of the built-in tools. */
export interface Connected extends LoggedIn {
  toolNames(): Promise<string[]>;
  /** Calls `get_user_profile`. @returns whose profile came back */
  profileLogin(): Promise<string>;
}

/** A row of the table. */
export interface Row {
  readonly client: string;
  readonly version: string;
  readonly transport: string;
  /**
   * Runs the client.
   * @param everything the MCP server that is behind the demo at `/mcp/everything`
   * @returns what it did, for the table
   * @throws when it did something else
   */
  run(demo: Demo, everything: EverythingServer): Promise<string>;
}

/** Logs a client in as octocat, and checks what every client must do. */
export async function exercise(demo: Demo, connecting: Promise<Connected>): Promise<string> {
  const connected = await connecting;
  try {
    assert.deepEqual((await connected.toolNames()).sort(), TOOLS);
    assert.equal(await connected.profileLogin(), 'octocat');
    await assertRefresh(demo, connected, async () => assert.equal(await connected.profileLogin(), 'octocat'));
    return 'logs in, lists tools, calls get_user_profile, refreshes';
  } finally {
    await connected.close();
  }
}

/** Lets the access token of a client expire: its next call succeeds after a refresh, without a word to the person. */
export async function assertRefresh(demo: Demo, client: LoggedIn, call: () => Promise<unknown>): Promise<void> {
  const clientId = client.clientId();
  const refreshes = demo.eventsOf(clientId).filter(({ event }) => event === 'refresh_token.rotated').length;
  await demo.expireTokens(clientId, client.refreshesAhead);
  await call();
  await demo.saw('refresh_token.rotated', clientId, refreshes + 1);
  assert.equal(client.clientId(), clientId);
  assert.equal(client.logins(), 1);
}

/** The version of a package that is installed here. */
export function versionOf(name: string): string {
  return packageVersion(new URL(`node_modules/${name}/package.json`, import.meta.url));
}

/** The version of a package of the main install. */
export function mainVersionOf(name: string): string {
  return packageVersion(new URL(`../../node_modules/${name}/package.json`, import.meta.url));
}

function packageVersion(manifest: URL): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8'))).version;
}

const resultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
});

/** The login in a result of `get_user_profile`, from its text: not every client gives the structured content. */
export function profileLoginOf(result: unknown): string {
  const { isError, content } = resultSchema.parse(result);
  const text = content[0]?.text ?? '';
  assert.ok(isError !== true, text);
  return z.object({ login: z.string() }).parse(JSON.parse(text)).login;
}
