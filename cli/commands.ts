/** Every command of `cardea`. */
import { auditForget } from './audit-forget.ts';
import { auditVerify } from './audit-verify.ts';
import { backup } from './backup.ts';
import { check } from './check.ts';
import { clientCommands } from './clients.ts';
import { completionCommands } from './completion.ts';
import { doctor } from './doctor.ts';
import { importCsv } from './import-csv.ts';
import { programCommands } from './programs.ts';
import { restore, restoreSettle } from './restore.ts';
import { siteExport } from './site-export.ts';
import { siteImport } from './site-import.ts';
import { userCommands } from './users.ts';
import { why } from './why.ts';
import type { Command } from './command.ts';

export const commands: readonly Command[] = [
  ...programCommands,
  auditForget,
  auditVerify,
  backup,
  check,
  ...clientCommands,
  ...completionCommands(() => commands),
  doctor,
  importCsv,
  siteExport,
  siteImport,
  // The longer words first.
  restoreSettle,
  restore,
  ...userCommands,
  why,
];
