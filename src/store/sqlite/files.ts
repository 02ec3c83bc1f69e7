/** Files that only their owner may read: tokens are sealed in them, but who uses what is not. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';

/** Makes a directory, 0700, unless there is one; that keeps the mode its owner gave it. */
export function createPrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Makes a file, 0600, unless there is one, and takes it from everybody else. SQLite gives its journals the same mode. A
 * file that is there is not opened: closing it again would drop the locks that this process holds on it (POSIX).
 */
export function createPrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
