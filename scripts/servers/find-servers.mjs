// Which server the tests of each engine use: the one that a variable names, else one on localhost that lets us in, else
// one that is started for this run alone, else none.
import { engines, serverEngines } from './engines.mjs';

/** A server is missing that was asked for; the message is for the user. */
export class ServerError extends Error {}

/**
 * Looks for the servers that the tests need: those of TEST_ENGINE, else all, and those of DB_ISOLATION_REQUIRE.
 * Throws a ServerError where one was asked for by name and is not there.
 */
export async function findServers(env = process.env) {
  const tested = env.TEST_ENGINE ? [known('TEST_ENGINE', env.TEST_ENGINE, engines)] : engines;
  const names = Object.keys(serverEngines);
  const required = (env.DB_ISOLATION_REQUIRE ?? '').split(',').map((name) => name.trim());
  const needed = required.filter(Boolean).map((name) => known('DB_ISOLATION_REQUIRE', name, names));
  const servers = [];
  const stop = () => Promise.all(servers.map((server) => server.stop?.()));
  try {
    for (const engine of names) {
      if (tested.includes(engine) || needed.includes(engine))
        servers.push({ engine, ...(await findServer(engine, env)) });
    }
    const missing = servers.find(({ engine, url }) => needed.includes(engine) && url === undefined);
    if (missing) throw new ServerError(`DB_ISOLATION_REQUIRE asks for ${missing.engine}. ${missing.reason}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const found = servers.filter(({ url }) => url !== undefined);
  return {
    found,
    /** One line for each engine that has no server. */
    missing: servers
      .filter(({ url }) => url === undefined)
      .map(({ engine, reason }) => `SKIPPED: every test on ${engine}. ${reason}`),
    /** The engines whose tests can run. */
    engines: tested.filter((engine) => !(engine in serverEngines) || found.some((server) => server.engine === engine)),
    /** What the tests find the servers by; undefined for engines that are not tested. */
    env: Object.fromEntries(
      names.map((name) => [serverEngines[name].variable, found.find(({ engine }) => engine === name)?.url]),
    ),
    stop,
  };
}

async function findServer(engine, env) {
  const { variable, probe, onLocalhost, startPrivate, advice, example } = serverEngines[engine];
  if (env[variable]) {
    const url = env[variable];
    try {
      return { url, what: `${await probe(url)}, from ${variable}` };
    } catch (error) {
      throw new ServerError(`${variable} names a server (${address(url)}) that cannot be used: ${reason(error)}`);
    }
  }
  const refusals = new Set();
  const ownServers = env.DB_ISOLATION_PRIVATE_SERVERS;
  for (const url of ownServers === 'always' ? [] : onLocalhost(env)) {
    try {
      return { url, what: `${await probe(url)}, on ${address(url)}` };
    } catch (error) {
      refusals.add(`${address(url)}: ${reason(error)}`);
    }
  }
  if (ownServers !== 'off') {
    try {
      const server = await startPrivate();
      if (server) return { ...server, what: `${await probe(server.url)}, ${server.origin}` };
    } catch (error) {
      refusals.add(`one for this run alone did not start: ${reason(error)}`);
    }
  }
  return { reason: `No server found (${[...refusals].join('; ')}). ${advice}, or set ${variable}=${example}` };
}

function known(variable, name, names) {
  if (names.includes(name)) return name;
  throw new ServerError(`${variable} has an unknown name, "${name}". The names are: ${names.join(', ')}`);
}

/** A URL without its password. */
function address(url) {
  try {
    const { username, host } = new URL(url);
    return username ? `${decodeURIComponent(username)}@${host}` : host;
  } catch {
    return 'not a URL';
  }
}

/** What a driver says; some errors only have a code. */
function reason(error) {
  return error.message || error.code || String(error);
}
