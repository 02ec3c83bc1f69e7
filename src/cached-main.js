/**
 * `npm start`: runs `main.ts` with Node's compile cache, without which a start takes twice as long. It is JavaScript,
 * because Node would load its TypeScript compiler (30 milliseconds) for a file that runs before the cache is there.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is trusted like code. So it is kept where only those can write who can change the libraries, and not in the
// folder for temporary files, where any user of the machine could put some. Where it cannot be written, a start works without.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled/', import.meta.url)));
await import('./main.ts');
