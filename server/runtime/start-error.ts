/**
 * Why the program could not start, in words for the operator who reads the console.
 *
 * These never reach an API caller, so they are not part of the error catalogue.
 */
export type StartFault =
  | 'CONFIG_INVALID'
  | 'DATA_DIR_IN_USE'
  | 'DATA_DIR_NOT_WRITABLE'
  | 'DATABASE_RIGHTS'
  | 'DATABASE_TOO_OLD'
  | 'DATABASE_UNREACHABLE'
  | 'DISK_FULL'
  | 'DISK_READ_ONLY'
  | 'KEY_FILE_UNUSABLE'
  | 'MIGRATION_CHANGED'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_UNKNOWN'
  | 'PLATFORM_UNSUPPORTED'
  | 'POSTGRES_FAILED'
  | 'STOPPED';

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly fault: StartFault;

  constructor(fault: StartFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

/** The `code` of a Node system error or of a PostgreSQL error, when there is one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const DISK_FAULTS: Readonly<Record<string, { fault: StartFault; words: string }>> = {
  ENOSPC: { fault: 'DISK_FULL', words: 'the disk is full' },
  EDQUOT: { fault: 'DISK_FULL', words: 'the disk quota is used up' },
  EROFS: { fault: 'DISK_READ_ONLY', words: 'the disk is read-only' },
  EACCES: { fault: 'DATA_DIR_NOT_WRITABLE', words: 'permission was denied' },
  EPERM: { fault: 'DATA_DIR_NOT_WRITABLE', words: 'permission was denied' },
  ENOTDIR: { fault: 'DATA_DIR_NOT_WRITABLE', words: 'a part of the path is not a folder' },
  EEXIST: { fault: 'DATA_DIR_NOT_WRITABLE', words: 'something that is not a folder is there' },
};

/** Turns a failed file operation below `dir` into a StartError; anything else is passed on. */
export function diskFault(error: unknown, dir: string): unknown {
  if (error instanceof StartError) return error;
  const known = DISK_FAULTS[errorCode(error) ?? ''];
  if (!known) return error;
  return new StartError(known.fault, `Cannot write in ${dir}: ${known.words}.`, { cause: error });
}
