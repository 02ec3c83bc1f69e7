/** Files that only their owner may read: tokens in them are sealed, but names and times of use are not. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';

/**
 * Creates a file with mode 0600; one that exists gets that mode. SQLite gives its journals the mode of the database. An
 * existing file is not opened here, because closing it would release the locks that this process holds on it (POSIX).
 */
export function createPrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
