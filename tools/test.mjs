import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { packageProgram, runNode } from './run-program.mjs';
import { ensureTestPrograms } from './test-programs.mjs';

const CHECKS = [
  { name: 'Prettier', program: 'prettier/bin/prettier.cjs', args: ['--check', '.'] },
  { name: 'oxlint', program: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'tsc', program: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'tsc of the dashboard', program: 'typescript/bin/tsc', args: ['-p', 'dashboard'] },
];

checkNodeVersion();
ensureInstalled();
ensureTestPrograms();
const failed = CHECKS.filter(({ name, program, args }) => {
  console.log(`${name} …`);
  return !runNode(packageProgram(program), args);
}).map(({ name }) => name);
ensureBuilt();
const tests = process.argv.slice(2);
if (!runNode(packageProgram('vitest/vitest.mjs'), ['run', ...tests])) failed.push('vitest');
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}.`);
  process.exitCode = 1;
}
