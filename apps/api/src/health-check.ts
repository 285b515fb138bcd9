import { isIPv6 } from 'node:net';
import { readConfig } from './config.ts';

// The health check of the image: ends with 0 when the service that is configured so answers that it is alive, else with 1.
const { host, port } = readConfig();
const isEveryAddress = host === '0.0.0.0' || host === '::';
const address = isEveryAddress ? '127.0.0.1' : host;
const url = `http://${isIPv6(address) ? `[${address}]` : address}:${port}/livez`;

const reply = await fetch(url).catch(() => undefined);
process.exitCode = reply?.ok ? 0 : 1;
