/**
 * `npm start`: runs `main.ts` with Node's compile cache, without which a start takes twice as long. It is JavaScript,
 * because Node would load its TypeScript compiler (30 milliseconds) for a file that runs before the cache is there.
 *
 * The options of V8 in package.json and in the Dockerfile bound the garbage: a young generation of at most 4 MiB, and an old one
 * that is collected when it has grown by 70 percent. By itself V8 lets 45 MB of live data grow to 200 MB first.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is trusted like code. So it is kept where only those can write who can change the libraries, and not in the
// folder for temporary files, where any user of the machine could put some. Where it cannot be written, a start works without.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled/', import.meta.url)));
await import('./main.ts');
