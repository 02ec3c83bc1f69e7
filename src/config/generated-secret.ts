/** The secret for a loopback installation: generated once, stored in `DATA_DIR`, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateDirectory } from '../base/private-directory.ts';
import type { Config } from './config.ts';

/** The same configuration with at least one secret: the configured ones, or one generated into `DATA_DIR`. */
export function withGeneratedSecret(config: Config): Config {
  return config.secrets.length > 0 ? config : { ...config, secrets: [generatedSecret(config.dataDir)] };
}

function generatedSecret(dataDir: string): string {
  const path = join(dataDir, 'secret');
  createPrivateDirectory(dataDir);
  try {
    writeFileSync(path, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8').trim();
}
