/** oidc-provider on the Redis database that the first argument names. */
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { createProvider } from '../oidc-provider.ts';
import { listen, ready } from './ready.ts';

const [, , redisUrl = ''] = process.argv;
const server = createServer();
const issuer = await listen(server);
server.on('request', createProvider(issuer, new Redis(redisUrl)).callback());
ready(issuer);
