/** `cardea doctor`: what this installation stands on, each part looked at, with what to do. docs/cardea.md. */
import { resolve } from 'node:path';
import { readConfig, type Config } from '#server/runtime/config';
import { createSystemClock } from '#server/runtime/clock';
import { StartError } from '#server/runtime/start-error';
import { exitCodes, textOf, type Command, type CommandCall } from './command.ts';
import { databaseHelp, databaseOptions } from './database.ts';
import {
  checkAddresses,
  checkCertificates,
  checkDisk,
  checkFolder,
  checkMail,
  checkNode,
  checkPorts,
  type Finding,
} from './doctor-checks.ts';
import { checkDatabase } from './doctor-database.ts';

export const doctor: Command = {
  words: 'doctor',
  summary: 'looks at what a server stands on, says what to do',
  help: `
Looks at the settings, Node.js, the data folder, the disk, the database and its clock, the ports, certificates, addresses and the mail server.
Changes nothing. Exit code 1 = there is a problem; warnings alone are 0.
${databaseHelp}

  cardea doctor
  cardea doctor --data /var/lib/cardea/data --json
`,
  options: databaseOptions,
  async run(call) {
    const findings = await look(call);
    const isFine = findings.every(({ state }) => state !== 'problem');
    return {
      code: isFine ? exitCodes.fine : exitCodes.found,
      json: { is_fine: isFine, findings },
      text: textOfFindings(findings),
    };
  },
};

async function look(call: CommandCall): Promise<Finding[]> {
  const node = checkNode(process.versions.node);
  const read = readSettings(call);
  if ('state' in read) return [node, read];
  const config = { ...read, dataDir: resolve(textOf(call.values, 'data') ?? read.dataDir) };
  const now = createSystemClock().now();
  const settings: Finding = { what: 'settings', state: 'ok', says: 'can be read.', todo: null };
  return [
    node,
    settings,
    ...(await checkFolder(config.dataDir)),
    await checkDisk(config.dataDir),
    ...(await checkDatabase(call)),
    ...(await checkPorts(config)),
    ...(await checkCertificates(config, now)),
    ...checkAddresses(config),
    await checkMail(config.smtpUrl),
  ];
}

function readSettings({ environment }: CommandCall): Config | Finding {
  try {
    return readConfig(environment);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const todo = 'Mend them in the environment or .env: docs/settings.md.';
    return { what: 'settings', state: 'problem', says: error.message, todo };
  }
}

function textOfFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, says, todo }) => [
    `${state.padEnd(7)}  ${what.padEnd(width)}  ${says}`,
    ...(todo === null ? [] : [`${' '.repeat(width + 11)}→ ${todo}`]),
  ]);
  const count = (state: Finding['state']): string => {
    const found = findings.filter((finding) => finding.state === state).length;
    return `${String(found)} ${state}${found === 1 ? '' : 's'}`;
  };
  return [...lines, `${count('problem')}, ${count('warning')}.`].join('\n');
}
