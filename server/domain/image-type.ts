import type { PlanImageType } from '#contract/floor-plans';

/** What the bytes say they are, whatever their name or header says. */
export function imageTypeOf(bytes: Buffer): PlanImageType | undefined {
  const starts = (text: string, at = 0): boolean =>
    bytes.toString('latin1', at, at + text.length) === text;
  if (starts('\xff\xd8\xff')) return 'image/jpeg';
  if (starts('\x89PNG\r\n\x1a\n')) return 'image/png';
  return starts('RIFF') && starts('WEBP', 8) ? 'image/webp' : undefined;
}
