/** The CORS headers of the MCP server: pages of every origin may call it, because it takes no cookies. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, DELETE, OPTIONS',
  'Access-Control-Max-Age': '86400',
  'Access-Control-Expose-Headers': 'Mcp-Session-Id, WWW-Authenticate',
  'Access-Control-Allow-Headers': [
    'Content-Type',
    'Mcp-Session-Id',
    'Mcp-Protocol-Version',
    'Last-Event-ID',
    'Authorization',
    'X-MCP-Readonly',
    'X-MCP-Toolsets',
    'X-MCP-Tools',
    'X-MCP-Exclude-Tools',
    'X-MCP-Features',
    'X-MCP-Lockdown',
    'X-MCP-Insiders',
  ].join(', '),
};
