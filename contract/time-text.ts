/** Times and dates as the APIs print them (core-api.md 9). */

/** `YYYY-MM-DDTHH:mm:ssZ`, whole seconds. */
export function instantText(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

export function instantTextOrNull(at: Date | null): string | null {
  return at === null ? null : instantText(at);
}

/** PostgreSQL's `YYYY-MM-DD HH:mm:ss[.f]` of a timestamp without zone as `YYYY-MM-DDTHH:mm:ss`. */
export function localText(timestamp: string): string {
  return timestamp.slice(0, 19).replace(' ', 'T');
}

export function localTextOrNull(timestamp: string | null): string | null {
  return timestamp === null ? null : localText(timestamp);
}

/** Seconds as `d.hh:mm:ss`. */
export function spanText(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const rest = seconds % 86_400;
  return `${days}.${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
}

/** `d.hh:mm:ss` as seconds; the form is checked before. */
export function spanSeconds(span: string): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^(\d+)\.(\d+):(\d+):(\d+)$/.exec(span) ?? [];
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
