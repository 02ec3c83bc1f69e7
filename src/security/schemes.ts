/** URI schemes that are never the address of an app. */

/** Schemes that run code or read files in a browser, and those of web, mail and telephone. */
export const DANGEROUS_SCHEMES: ReadonlySet<string> = new Set([
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'view-source',
  'filesystem',
  'ftp',
  'ws',
  'wss',
  'mailto',
  'http',
  'https',
  'tel',
]);
