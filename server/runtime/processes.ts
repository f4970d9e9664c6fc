import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * What the machine says about other processes. Linux answers from /proc (slim images carry no `ps`), other systems
 * through `ps`.
 */
const isLinux = process.platform === 'linux';

/** Whether a process runs under `pid`; a dead one that nobody has collected yet does not count. */
export function isAlive(pid: number): boolean {
  if (isLinux) {
    const fields = statFields(pid);
    return fields !== undefined && fields[0] !== 'Z' && fields[0] !== 'X';
  }
  return ps(pid, 'stat=').length > 0 && !ps(pid, 'stat=').startsWith('Z');
}

/** A text that differs between two processes that had the same pid one after the other. */
export function startedAt(pid: number): string {
  if (!isLinux) return ps(pid, 'lstart=');
  // Ticks count from boot, so the boot belongs to the answer.
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${statFields(pid)?.[19] ?? ''}`;
}

/** The command line of `pid`, blanks between its words; empty when there is no such process. */
export function commandLine(pid: number): string {
  return isLinux ? procCommandLine(pid) : ps(pid, 'command=');
}

/** The pids of all living processes whose command line or process title contains `text`. */
export function findProcesses(text: string): number[] {
  if (isLinux) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => procCommandLine(pid).includes(text) && isAlive(pid));
  }
  const lines = spawnSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).stdout.split('\n');
  return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10));
}

/** The fields of /proc/<pid>/stat from the third (state) on: the name before it may hold blanks. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function procCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string {
  return spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
