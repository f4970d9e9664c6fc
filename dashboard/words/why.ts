import type { WhyRule } from '#contract/why';
import { whyTexts } from '#contract/why-rules';
import { words } from './words.ts';

/** What each rule of a door means. English is that of the API. */
export const whyRuleApiWords = words<WhyRule>({
  en: whyTexts,
  de: {
    keypad_locked: 'Die Tastatur nimmt nach zu vielen falschen PINs eine Weile keine an.',
    unknown_credential: 'Niemand, den dieser Hub kennt, hat einen solchen Schlüssel.',
    foreign_tag:
      'Der Transponder gehört einem anderen Standort, und dieser lässt nur seine eigenen ein.',
    key_expired: 'Der Schlüssel ist abgelaufen.',
    key_blocked: 'Der Schlüssel ist gesperrt.',
    accessor_blocked: 'Die Person ist gesperrt.',
    suspended: 'Die Person hat an diesem Standort keinen Platz.',
    credential_not_allowed:
      'Die Person darf hier keine PIN benutzen, oder das Schloss hat keine Kamera für Kennzeichen.',
    not_in_group: 'Keine Zutrittsgruppe enthält sowohl diese Person als auch diese Tür.',
    no_schedule:
      'Die Zutrittsgruppen mit dieser Person und dieser Tür haben keinen Zeitplan und geben darum nichts.',
    outside_schedule: 'Kein Zeitplan der gemeinsamen Zutrittsgruppen gilt in diesem Moment.',
    privacy_mode: 'Die Tür steht auf privat, und diese Person darf sie dann nicht öffnen.',
    lock_offline:
      'Das Schloss hatte keine Verbindung zu seinem Hub, und dies ist kein Offline-Schlüssel des Schlosses.',
    hub_table_damaged:
      'Der Hub konnte seine Tabelle der Rechte nicht lesen: er weist alle ab, bis sie ihm neu gesendet ist.',
    offline_validity_over:
      'Der Hub ist länger ohne den Server, als der Standort erlaubt, und dies ist kein Offline-Schlüssel des Schlosses.',
    tag_registration: 'Das Schloss lernt gerade Transponder: es öffnet für keinen.',
    exit: 'Der Weg hinaus ist immer frei.',
    manual_office_mode:
      'Ein Schlüssel lag länger als 5 Sekunden an, von jemandem, der den Büromodus schalten darf.',
    easy_office_mode:
      'Innerhalb der offenen Zeiten, von jemandem, der sie beginnen und beenden darf.',
    granted: 'Die Tür öffnet.',
  },
});

/** What goes on after the sentence of a rule. */
export const whyWords = words({
  en: {
    privacySwitched: 'Privacy mode was switched at the door.',
    moment: 'It is {moment} there ({zone}).',
    never: 'None of them ever does.',
    late: 'The nearest ended {duration} before.',
    early: 'The nearest begins {duration} later.',
    otherwise: 'The rules of today would decide otherwise: the hub may not have held them yet.',
  },
  de: {
    privacySwitched: 'Die Tür wurde vor Ort auf privat gestellt oder zurück.',
    moment: 'Dort ist es {moment} ({zone}).',
    never: 'Es gibt keinen, der je gilt.',
    late: 'Der nächste endete {duration} davor.',
    early: 'Der nächste beginnt {duration} danach.',
    otherwise:
      'Die Regeln von heute würden anders entscheiden: vielleicht kannte der Hub sie damals noch nicht.',
  },
});
