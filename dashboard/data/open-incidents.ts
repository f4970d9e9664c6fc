/** Which incidents are not over yet. */
import type { Incident } from './events.ts';

/** What ends what; a weak battery ends when the lock says that it is good, which its state tells and no incident. */
const endOf: Readonly<Record<string, string>> = {
  intrusion_alarm_start: 'intrusion_alarm_end',
  tamper_alarm_start: 'tamper_alarm_end',
  door_left_open_alarm_start: 'door_left_open_alarm_end',
  lock_connection_lost: 'lock_connection_restored',
  iq_connection_lost: 'iq_connection_restored',
};

/** Of incidents, the newest first: those whose end has not come since; each once per lock or hub. */
export function openOf<T extends Pick<Incident, 'event_category' | 'lock_id' | 'iq_id'>>(
  incidents: readonly T[],
): T[] {
  const settled = new Set<string>();
  const open: T[] = [];
  for (const incident of incidents) {
    const { event_category: category, lock_id: lockId, iq_id: iqId } = incident;
    const place = lockId ?? iqId;
    const begins = Object.keys(endOf).find((start) => endOf[start] === category);
    if (begins !== undefined) settled.add(`${begins} ${place}`);
    else if (category !== null && category in endOf && !settled.has(`${category} ${place}`)) {
      settled.add(`${category} ${place}`);
      open.push(incident);
    }
  }
  return open;
}
