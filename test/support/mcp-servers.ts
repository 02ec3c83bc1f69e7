// An `UPSTREAMS_FILE` with an MCP server for each kind of credential. No test connects to them: they are for what people see.
import { fileURLToPath } from 'node:url';

export const UPSTREAMS_FILE = fileURLToPath(new URL('mcp-servers.json', import.meta.url));
