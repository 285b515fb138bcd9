import { serverEngineContract } from '../contracts/server-engine-contract.ts';
import { POSTGRES } from '../support/server-kinds.ts';

serverEngineContract(POSTGRES);
