import { ApiError } from '#contract/api-error';
import { zoneHint, zoneName } from '#contract/time-zone';

/** An IANA zone as its list spells it. VALUE_INVALID for anything else. */
export function timeZone(sent: string): string {
  const name = zoneName(sent);
  if (name === null)
    throw new ApiError('VALUE_INVALID', { parameter: 'time_zone', reason: zoneHint });
  return name;
}
