import type { CollectionOptions } from '#contract/collection-options';
import { words } from './words.ts';

/** Settings of a site; the words of its options are those of the API. */
export const settingsWords = words({
  en: {
    lead: 'What this site is called, and the rules that hold at all of its doors',
    site: 'Site',
    name: 'Name of the site',
    zone: 'Time zone',
    zoneHelp: 'By whose clock times of this site are shown, as in Europe/Amsterdam.',
    saved: 'Saved.',
    doors: 'Doors and hubs',
    keys: 'Keys and codes',
    retention: 'People and records',
    offlineHelp: '0 = without a limit',
    unit_seconds: 'seconds',
    unit_hours: 'hours',
    unit_days: 'days',
  },
  de: {
    lead: 'Wie dieser Standort heißt, und was an allen seinen Türen gilt',
    site: 'Standort',
    name: 'Name des Standorts',
    zone: 'Zeitzone',
    zoneHelp: 'Nach wessen Uhr Zeiten dieses Standorts gezeigt werden, etwa Europe/Amsterdam.',
    saved: 'Gespeichert.',
    doors: 'Türen und Hubs',
    keys: 'Schlüssel und Codes',
    retention: 'Personen und Aufzeichnungen',
    offlineHelp: '0 = ohne Grenze',
    unit_seconds: 'Sekunden',
    unit_hours: 'Stunden',
    unit_days: 'Tage',
  },
});

/** What each option does, as a sentence to switch on. */
export const optionApiWords = words<keyof CollectionOptions>({
  en: {
    door_left_open_seconds: 'A door counts as left open after',
    remote_open_checks_schedule: 'Doors open from afar only within the schedules of the person',
    tree_mixed_root: 'Locks may hang directly on a hub that also has repeaters',
    auto_restore: 'A hub that has lost what it knew is restored by itself',
    single_use_otp: 'A one-time code opens once',
    otp_future_seconds: 'How far the clock of a phone may be ahead',
    custom_pin_enabled: 'People may choose their PIN',
    tags_from_other_sites: 'Tags of other sites may be given doors here',
    offline_access_for_new_mobile_keys: 'New phones also open while the hub is away',
    offline_schedules: 'Schedules hold while the hub is away',
    offline_validity_hours: 'How long keys open while the hub is away',
    mkey_validity_hours: 'How long the certificate of a phone is valid',
    activity_log_days: 'The audit history is kept for at least',
    second_factor_for_admins: 'Owner and admins need a second factor to sign in',
  },
  de: {
    door_left_open_seconds: 'Eine Tür gilt als offen gelassen nach',
    remote_open_checks_schedule:
      'Türen öffnen aus der Ferne nur innerhalb der Zeitpläne der Person',
    tree_mixed_root: 'Schlösser dürfen direkt an einem Hub hängen, der auch Repeater hat',
    auto_restore: 'Ein Hub, der verloren hat, was er wusste, wird von selbst wiederhergestellt',
    single_use_otp: 'Ein Einmalcode öffnet einmal',
    otp_future_seconds: 'Wie weit die Uhr eines Telefons vorgehen darf',
    custom_pin_enabled: 'Personen dürfen ihre PIN wählen',
    tags_from_other_sites: 'Transponder anderer Standorte dürfen hier Türen bekommen',
    offline_access_for_new_mobile_keys: 'Neue Telefone öffnen auch, wenn der Hub weg ist',
    offline_schedules: 'Zeitpläne gelten auch, wenn der Hub weg ist',
    offline_validity_hours: 'Wie lange Schlüssel öffnen, wenn der Hub weg ist',
    mkey_validity_hours: 'Wie lange das Zertifikat eines Telefons gilt',
    activity_log_days: 'Verlauf der Änderungen: Aufbewahrung mindestens',
    second_factor_for_admins: 'Eigentümer und Administratoren brauchen einen zweiten Faktor',
  },
});
