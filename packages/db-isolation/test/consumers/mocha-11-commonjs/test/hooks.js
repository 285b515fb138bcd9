const { isolationHooks } = require('@acme/db-isolation/runners/mocha');
const { isolation } = require('./isolation');

exports.mochaHooks = isolationHooks(isolation);
