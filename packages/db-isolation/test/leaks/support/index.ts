// What needs Express is not here: it takes time to load, and most suites do without.
export { connectTo, rowsOf } from './connect.ts';
export { db, urlOfTest } from './current.ts';
export { database } from './database.ts';
export { configuredUrl, engine, isNextRun, productionUrl } from './environment.ts';
export { expectAsInProduction, expectNotes, expectTemplate, fails, polluted } from './expectations.ts';
export { gate, lateWork } from './late.ts';
export { listen, listenBefore, postNote, urlOf } from './server.ts';
