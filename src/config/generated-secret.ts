/** The secret for a loopback installation: generated once, stored in `DATA_DIR`, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../base/error-cause.ts';
import { createPrivateDirectory, unusableFolder } from '../base/private-directory.ts';
import { SettingError } from '../base/setting-error.ts';
import type { Config } from './config.ts';
import { MIN_SECRET_BYTES } from './kinds.ts';

/**
 * The same configuration with at least one secret: the configured ones, or one generated into `DATA_DIR`.
 * @throws {SettingError} when the folder cannot be used
 */
export function withGeneratedSecret(config: Config): Config {
  if (config.secrets.length > 0) return config;
  try {
    return { ...config, secrets: [generatedSecret(config.dataDir)] };
  } catch (error) {
    throw unusableFolder(config.dataDir, error) ?? error;
  }
}

function generatedSecret(dataDir: string): string {
  const path = join(dataDir, 'secret');
  createPrivateDirectory(dataDir);
  if (!existsSync(path)) writeOnce(path, `${randomBytes(48).toString('base64url')}\n`);
  chmodSync(path, 0o600);
  const secret = readFileSync(path, 'utf8').trim();
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES)
    throw new SettingError(
      'DATA_DIR',
      `${path} holds no secret`,
      'Restore it from a copy, or remove it together with the store.',
    );
  return secret;
}

/** Writes a file whole or not at all. Of several processes that do so at once, one wins. */
function writeOnce(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    const code = errorCode(error);
    // Some file systems have no hard links.
    if (code === 'EPERM' || code === 'ENOTSUP') renameSync(draft, path);
    else if (code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
