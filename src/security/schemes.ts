/** URI schemes that are not addresses of apps. */

/** Schemes whose links run or show what the link itself contains, or read what is in this browser or on this machine. */
export const SCRIPT_SCHEMES: ReadonlySet<string> = new Set([
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'view-source',
  'filesystem',
]);

/** Schemes that no client may redirect to as its own: the above, and those of the web, mail and telephone. */
export const DANGEROUS_SCHEMES: ReadonlySet<string> = new Set([
  ...SCRIPT_SCHEMES,
  'ftp',
  'ws',
  'wss',
  'mailto',
  'http',
  'https',
  'tel',
]);
