/** What the hub says to its operator. Never a code, PIN, tag number, credential or name. */
export type HubLog = {
  info(text: string, facts?: Record<string, string | number | boolean | null>): void;
  warn(text: string, facts?: Record<string, string | number | boolean | null>): void;
  error(text: string, facts?: Record<string, string | number | boolean | null>): void;
};

/** Lines of plain text for a person in front of a terminal or a journal. */
export function createLineLog(write: (line: string) => void): HubLog {
  const line =
    (level: string) =>
    (text: string, facts: Record<string, string | number | boolean | null> = {}): void => {
      const rest = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`);
      write(`${level} ${text}${rest.join('')}\n`);
    };
  return { info: line('info '), warn: line('warn '), error: line('error') };
}

/** The same as one JSON object a line, for programs. */
export function createJsonLog(write: (line: string) => void): HubLog {
  const line =
    (level: string) =>
    (msg: string, facts: Record<string, string | number | boolean | null> = {}): void =>
      write(`${JSON.stringify({ level, msg, ...facts })}\n`);
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
