import { type Logger, pino } from 'pino';

/** What every part is given to log with: pino's calls, `log.info({ fields }, 'message')`. */
export type Log = Logger;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export type LogTarget = { write(line: string): unknown };

// PINs, keys, tokens and names never reach a log (house style 10). This is the net below the rule, not the rule.
const SECRET_FIELDS = [
  'password',
  'secret',
  'client_secret',
  'clientSecret',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'authorization',
  'cookie',
  'pin',
  'otp',
  'activationCode',
  'connectionString',
  'firstName',
  'first_name',
  'lastName',
  'last_name',
  'email',
  'username',
  'privateKey',
  // A PostgreSQL error names the row's values here.
  'detail',
];

const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/**
 * The program's log: one JSON object a line, or short human lines when `format` is `lines`.
 */
export function createLog(options: {
  level: LogLevel;
  format: 'json' | 'lines';
  target?: LogTarget;
}): Log {
  const target: LogTarget = options.target ?? process.stdout;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[hidden]' },
    },
    {
      write: (line: string) => {
        target.write(options.format === 'json' ? line : humanLine(line));
      },
    },
  );
}

function humanLine(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clockTime = String(time).slice(11, 19);
  const fields = Object.entries(rest).map(([name, value]) => ` ${name}=${brief(value)}`);
  const sign = level === 'info' ? '' : `${String(level).toUpperCase()} `;
  const message = typeof msg === 'string' ? msg : '';
  return `${clockTime} ${sign}${message}${fields.join('')}${errorLine(err)}\n`;
}

function brief(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

function errorLine(err: unknown): string {
  if (typeof err !== 'object' || err === null) return '';
  const text = 'stack' in err && typeof err.stack === 'string' ? err.stack : JSON.stringify(err);
  return `\n    ${text.replaceAll('\n', '\n    ')}`;
}
