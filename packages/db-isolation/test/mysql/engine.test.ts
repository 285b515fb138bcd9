import { serverEngineContract } from '../contracts/server-engine-contract.ts';
import { MYSQL } from '../support/server-kinds.ts';

serverEngineContract(MYSQL);
