/** `cardea audit forget`: erases what the audit log knows of a person. docs/audit.md. */
import { isUuid } from '#contract/ids';
import type { TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { eraseAuditChanges } from '#server/store/audit-log';
import { inTransaction } from '#server/store/scope';
import { CommandError, exitCodes, textOf, type Command, type CommandCall } from './command.ts';
import { databaseHelp, databaseOptions, openDatabase } from './database.ts';

export const auditForget: Command = {
  words: 'audit forget',
  summary: 'erases what the audit log knows of a person or thing',
  help: `
Erases what changed from what to what (names, references, plates) in every record about an object or accessor. Who did what
when stays, and so does every hash. That it was done is a record itself.
${databaseHelp}
  --tenant <id>  the tenant (required)
  --object <id>  the accessor, user or other object (required)

  cardea audit forget --tenant 3d1e1baf-… --object 5e5c…
`,
  options: { ...databaseOptions, tenant: { type: 'string' }, object: { type: 'string' } },
  async run(call) {
    const tenantId = idOf(call, 'tenant') as TenantId;
    const objectId = idOf(call, 'object');
    const audit = createAudit({ clock: createSystemClock(), ids: createRandomIds() });
    const open = await openDatabase(call);
    try {
      const erased = await inTransaction({ database: open.database, tenantId }, async (scope) => {
        const count = await eraseAuditChanges(scope, objectId);
        const actor = { tenantId, clientId: null, userId: null, requestId: null };
        const what = { action: 'audit_log.forget', objectType: 'audit_log', objectId };
        if (count > 0) audit.record(scope, actor, { ...what, detail: `${count} records` });
        return count;
      });
      return {
        code: exitCodes.fine,
        json: { erased },
        text: `The changes of ${erased} ${erased === 1 ? 'record' : 'records'} were erased.`,
      };
    } finally {
      await open.close();
    }
  },
};

function idOf({ values }: CommandCall, name: string): string {
  const value = textOf(values, name)?.toLowerCase();
  if (value !== undefined && isUuid(value)) return value;
  throw new CommandError('usage', `--${name} must be a UUID.`);
}
