/** The words in which people are told of events, in every language. */
import type { AccessBy, IncidentCategory, RejectReason } from '#contract/events';
import type { Words } from '#contract/languages';

type Incident = {
  /** After the name of the place. */
  readonly subject: string;
  /** The rest of a sentence that begins with the place. */
  readonly sentence: string;
};

type EventWords = {
  /** Where a name is missing: at the beginning of a sentence, and within one. */
  readonly nameless: Readonly<Record<'hub' | 'door' | 'person', string>>;
  readonly namelessWithin: Readonly<Record<'door' | 'person', string>>;
  readonly opened: string;
  readonly wasOpened: (person: string, place: string, means: string) => string;
  readonly wasLeft: (place: string) => string;
  readonly refused: string;
  readonly wasRefused: (
    person: string,
    by: { readonly place: string; readonly means: string; readonly reason: string },
  ) => string;
  readonly means: Readonly<Record<AccessBy, string>>;
  readonly reasons: Readonly<Record<RejectReason, string>>;
  readonly noReason: string;
  readonly incidents: Readonly<Record<IncidentCategory, Incident>>;
  /** What an incident says besides, where the hub has a word for it. */
  readonly details: Readonly<Record<string, string>>;
  readonly more: (count: number) => string;
  readonly when: (wall: string) => string;
  readonly labels: Readonly<Record<'door' | 'hub' | 'site', string>>;
};

export const eventWords: Words<EventWords> = {
  en: {
    nameless: { hub: 'A hub', door: 'A door', person: 'Somebody unknown' },
    namelessWithin: { door: 'a door', person: 'somebody unknown' },
    opened: 'opened',
    wasOpened: (person, place, means) => `${person} opened ${place}${means}.`,
    wasLeft: (place) => `${place} was opened from the inside.`,
    refused: 'refused',
    wasRefused: (person, { place, means, reason }) =>
      `${place} refused ${person}${means}: ${reason}.`,
    means: {
      tag: ' with a tag',
      pin_code: ' with a PIN',
      mkey: ' with a phone',
      wallet: ' with a wallet key',
      remote: ' from afar',
      license_plate: ' with a licence plate',
      inside_handle: '',
      schedule: '',
    },
    reasons: {
      keypad_locked: 'the keypad is locked after wrong PINs',
      unknown_credential: 'the key is unknown',
      foreign_tag: 'the tag belongs to another site',
      key_expired: 'the key has expired',
      key_blocked: 'the key is blocked',
      accessor_blocked: 'the person is blocked',
      suspended: 'the person is suspended',
      credential_not_allowed: 'this kind of key is not allowed here',
      not_in_group: 'the person has no access to this door',
      no_schedule: 'the access group has no time schedule',
      outside_schedule: 'it is outside the time schedule',
      privacy_mode: 'the door is in privacy mode',
      lock_offline: 'the lock is offline',
      hub_table_damaged: 'the hub cannot read its rights',
      offline_validity_over: 'the hub has been without the server for too long',
    },
    noReason: 'no reason was given',
    incidents: {
      intrusion_alarm_start: {
        subject: 'intrusion alarm',
        sentence: 'was opened without a valid opening',
      },
      intrusion_alarm_end: {
        subject: 'intrusion alarm over',
        sentence: 'is closed again after an intrusion alarm',
      },
      tamper_alarm_start: {
        subject: 'tamper alarm',
        sentence: 'reports that its hardware is disturbed',
      },
      tamper_alarm_end: {
        subject: 'tamper alarm over',
        sentence: 'reports that its hardware is undisturbed again',
      },
      door_left_open_alarm_start: { subject: 'left open', sentence: 'has been left open' },
      door_left_open_alarm_end: {
        subject: 'closed again',
        sentence: 'is closed again after it was left open',
      },
      lock_connection_lost: {
        subject: 'connection lost',
        sentence: 'is no longer heard by its hub',
      },
      lock_connection_restored: {
        subject: 'connection restored',
        sentence: 'is heard by its hub again',
      },
      iq_connection_lost: {
        subject: 'hub offline',
        sentence: 'is no longer heard by the server; its doors go on by themselves',
      },
      iq_connection_restored: {
        subject: 'hub online again',
        sentence: 'is heard by the server again',
      },
      low_battery_warning: { subject: 'battery low', sentence: 'needs a new battery' },
      lock_clock_failure: { subject: 'clock failure', sentence: 'has lost its time' },
      lock_time_set: { subject: 'clock set', sentence: 'has got its time' },
      lock_ppd_connected: {
        subject: 'programming device',
        sentence: 'was connected to a programming device',
      },
      operation_not_completed: {
        subject: 'operation not completed',
        sentence: 'did not complete what it was asked for',
      },
      lock_reset: { subject: 'reset', sentence: 'was reset at its hardware' },
      easy_office_mode_end_failed: {
        subject: 'may still be open',
        sentence: 'did not confirm the end of its office mode',
      },
      unknown: { subject: 'incident', sentence: 'reports something' },
    },
    details: {
      low: 'low',
      critical: 'nearly empty',
      jammed: 'the bolt is jammed',
      hardware_error: 'the hardware failed',
      lock_offline: 'the lock has no contact',
      timeout: 'no answer in time',
      event_gap: 'events of the hub are missing',
      disk_full: 'the disk of the hub is full',
      disk_writable: 'the disk of the hub has room again',
    },
    more: (count) =>
      count === 1
        ? 'It happened once more since the last message.'
        : `It happened ${count} more times since the last message.`,
    when: (wall) => `When: ${wall} (local time)`,
    labels: { door: 'Door', hub: 'Hub', site: 'Site' },
  },
  de: {
    nameless: { hub: 'Ein Hub', door: 'Eine Tür', person: 'Eine unbekannte Person' },
    namelessWithin: { door: 'eine Tür', person: 'eine unbekannte Person' },
    opened: 'geöffnet',
    wasOpened: (person, place, means) => `${person} hat ${place}${means} geöffnet.`,
    wasLeft: (place) => `${place} wurde von innen geöffnet.`,
    refused: 'abgewiesen',
    wasRefused: (person, { place, means, reason }) =>
      `${place} hat ${person}${means} abgewiesen: ${reason}.`,
    means: {
      tag: ' mit einem Transponder',
      pin_code: ' mit einer PIN',
      mkey: ' mit einem Telefon',
      wallet: ' mit einem Wallet-Schlüssel',
      remote: ' aus der Ferne',
      license_plate: ' mit einem Kennzeichen',
      inside_handle: '',
      schedule: '',
    },
    reasons: {
      keypad_locked: 'die Tastatur ist nach falschen PINs gesperrt',
      unknown_credential: 'der Schlüssel ist unbekannt',
      foreign_tag: 'der Transponder gehört einem anderen Standort',
      key_expired: 'der Schlüssel ist abgelaufen',
      key_blocked: 'der Schlüssel ist gesperrt',
      accessor_blocked: 'die Person ist gesperrt',
      suspended: 'die Person hat keinen Platz',
      credential_not_allowed: 'diese Art Schlüssel ist hier nicht erlaubt',
      not_in_group: 'die Person hat keinen Zutritt zu dieser Tür',
      no_schedule: 'die Zutrittsgruppe hat keinen Zeitplan',
      outside_schedule: 'es ist außerhalb des Zeitplans',
      privacy_mode: 'die Tür steht auf privat',
      lock_offline: 'das Schloss hat keine Verbindung',
      hub_table_damaged: 'der Hub kann seine Rechte nicht lesen',
      offline_validity_over: 'der Hub ist zu lange ohne den Server',
    },
    noReason: 'ein Grund wurde nicht genannt',
    incidents: {
      intrusion_alarm_start: {
        subject: 'Einbruchalarm',
        sentence: 'wurde ohne gültige Öffnung geöffnet',
      },
      intrusion_alarm_end: {
        subject: 'Einbruchalarm vorbei',
        sentence: 'ist nach einem Einbruchalarm wieder zu',
      },
      tamper_alarm_start: {
        subject: 'Sabotagealarm',
        sentence: 'meldet einen Eingriff in die Hardware',
      },
      tamper_alarm_end: {
        subject: 'Sabotagealarm vorbei',
        sentence: 'meldet, dass die Hardware wieder in Ordnung ist',
      },
      door_left_open_alarm_start: { subject: 'offen gelassen', sentence: 'wurde offen gelassen' },
      door_left_open_alarm_end: {
        subject: 'wieder zu',
        sentence: 'wurde offen gelassen und ist wieder zu',
      },
      lock_connection_lost: {
        subject: 'Verbindung verloren',
        sentence: 'hat keine Verbindung mehr zum Hub',
      },
      lock_connection_restored: {
        subject: 'wieder verbunden',
        sentence: 'ist wieder mit dem Hub verbunden',
      },
      iq_connection_lost: {
        subject: 'Hub offline',
        sentence: 'hat keine Verbindung mehr zum Server; die Türen gehen ohne ihn weiter wie zuvor',
      },
      iq_connection_restored: {
        subject: 'Hub wieder online',
        sentence: 'ist wieder mit dem Server verbunden',
      },
      low_battery_warning: { subject: 'Batterie schwach', sentence: 'braucht eine neue Batterie' },
      lock_clock_failure: { subject: 'Uhr ausgefallen', sentence: 'hat die Zeit verloren' },
      lock_time_set: { subject: 'Uhr gestellt', sentence: 'hat die Zeit bekommen' },
      lock_ppd_connected: {
        subject: 'Programmiergerät',
        sentence: 'wurde mit einem Programmiergerät verbunden',
      },
      operation_not_completed: {
        subject: 'Auftrag nicht ausgeführt',
        sentence: 'hat einen Auftrag nicht ausgeführt',
      },
      lock_reset: { subject: 'zurückgesetzt', sentence: 'wurde an der Hardware zurückgesetzt' },
      easy_office_mode_end_failed: {
        subject: 'vielleicht noch offen',
        sentence: 'hat das Ende der offenen Zeiten nicht bestätigt',
      },
      unknown: { subject: 'Vorfall', sentence: 'meldet etwas' },
    },
    details: {
      low: 'schwach',
      critical: 'fast leer',
      jammed: 'der Riegel klemmt',
      hardware_error: 'Defekt am Schloss',
      lock_offline: 'das Schloss hat keine Verbindung',
      timeout: 'keine Antwort in der Zeit',
      event_gap: 'Ereignisse des Hubs fehlen',
      disk_full: 'der Speicher des Hubs ist voll',
      disk_writable: 'der Speicher des Hubs hat wieder Platz',
    },
    more: (count) =>
      count === 1
        ? 'Seit der letzten Nachricht kam es noch einmal vor.'
        : `Seit der letzten Nachricht kam es noch ${count}-mal vor.`,
    when: (wall) => `Wann: ${wall} (Ortszeit)`,
    labels: { door: 'Tür', hub: 'Hub', site: 'Standort' },
  },
};
