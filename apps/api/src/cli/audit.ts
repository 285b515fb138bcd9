import { Command, InvalidArgumentError } from 'commander';
import type { Knex } from 'knex';
import type { AuditHead } from '../audit/audit-entry.ts';
import { type AuditReport, verifyAudit } from '../audit/verify-audit.ts';
import { StartupError } from '../startup-failure.ts';
import { withDatabase } from './with-database.ts';

/** `api audit verify`: checks the log of all writes, and prints its head to be written down elsewhere. */
export function auditCommand(): Command {
  const command = new Command('verify')
    .description('checks every entry of the audit log; exits with 1 when one is not as it was written')
    .option('--head <position:hash>', 'a head that an earlier check printed: the log must still contain it', readHead)
    .action(async ({ head }: { head?: AuditHead }) => {
      const report = await withDatabase((db) => verify(db, head));
      console.log(said(report));
      process.exitCode = report.valid ? 0 : 1;
    });
  return new Command('audit').description('the log of all writes').addCommand(command);
}

async function verify(db: Knex, head: AuditHead | undefined): Promise<AuditReport> {
  if (!(await db.schema.hasTable('audit_log'))) {
    throw new StartupError('The database has no audit log: start the service on it once, which makes its tables');
  }
  return verifyAudit(db, head);
}

function said({ valid, entries, head, first_bad }: AuditReport): string {
  const end = head === null ? 'none' : `${head.position}:${head.hash}`;
  return valid
    ? `The audit log is whole: ${entries} entries\nhead ${end}`
    : `The audit log is not whole: entry ${first_bad?.position} ${first_bad?.reason}\n${entries} entries before it are\nhead ${end}`;
}

function readHead(text: string): AuditHead {
  const [, position, hash] = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (position === undefined || hash === undefined) {
    throw new InvalidArgumentError('It must be <position>:<hash>, as this command prints it.');
  }
  return { position: Number(position), hash };
}
