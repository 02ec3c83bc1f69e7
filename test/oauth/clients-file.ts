// The operator's `CLIENTS_FILE`, for the length of a suite.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A resource server, and the clients file entry with which it introspects. */
export const CALENDAR = 'https://calendar.example.com/mcp';
export const CALENDAR_SERVER = { client_id: 'calendar', client_secret: 'the secret of the calendar server' };
export const CALENDAR_ENTRY = {
  ...CALENDAR_SERVER,
  token_endpoint_auth_method: 'client_secret_basic',
  resource: CALENDAR,
};

/** Writes the file and removes it after the suite; call it in the suite's body. @returns its path */
export function clientsFile(entries: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'clients.json');
  writeFileSync(path, JSON.stringify(entries));
  return path;
}
