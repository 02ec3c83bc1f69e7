/** URI schemes by what their links do: those that are never an app's (RFC 8252 section 7.1), and those of editors. */

/** Schemes whose links run or show their own content, or read data of this browser or this machine. */
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

/** Schemes that no client may use as its private-use scheme: those above, and those of the web, mail and telephone. */
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

/** The schemes of editors that are MCP clients; their links do more than take a code. */
export const EDITOR_SCHEMES: readonly string[] = ['cursor', 'vscode', 'vscode-insiders', 'windsurf', 'zed'];
