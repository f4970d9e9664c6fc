import type { FindingWord } from '#contract/configuration-check';
import { findingTexts } from '#contract/finding-texts';
import { words } from './words.ts';

/** What each finding of the configuration check means. English is that of the API. */
export const findingMeansApiWords = words<FindingWord>({
  en: english('means'),
  de: {
    group_without_schedule:
      'Die Gruppe hat Personen und Türen, aber keinen Zeitplan: sie lässt niemanden ein.',
    group_without_lock: 'Die Gruppe führt zu keiner Tür.',
    group_without_people: 'Niemand ist in der Gruppe.',
    schedule_never_opens:
      'Kein Wochentag ist gewählt, oder seine Daten lassen keinen übrig: der Zeitplan gilt nie.',
    schedule_is_over: 'Das Enddatum des Zeitplans ist vorbei: er öffnet nicht mehr.',
    person_without_key:
      'Die Person ist in einer Gruppe, hat aber weder Transponder noch PIN, Telefon oder Kennzeichen.',
    person_without_group:
      'Die Person hat einen Schlüssel, ist aber in keiner Gruppe: er öffnet nichts.',
    key_opens_nothing:
      'Keine der Gruppen, in denen der Inhaber ist, hat sowohl eine angebundene Tür als auch einen Zeitplan, der noch kommt.',
    key_expired: 'Der Schlüssel ist abgelaufen und wird an jeder Tür abgewiesen.',
    key_expires_soon: 'Der Schlüssel läuft in den nächsten 14 Tagen ab.',
    blocked_person_with_rights:
      'Die Person ist gesperrt oder ohne Platz, aber noch in Gruppen: mit dem Entsperren bekommt sie alles zurück.',
    pin_not_allowed:
      'Die Person hat eine PIN, darf an diesem Standort aber keine Tastaturen benutzen.',
    pin_without_keypad: 'Keine der Türen, die diese Person öffnen darf, hat eine Tastatur.',
    plate_without_camera:
      'Bei keiner der Türen, die diese Person öffnen darf, ist eine Kamera vermerkt.',
    phone_certificate_ends:
      'Das Zertifikat des Telefons endet in den nächsten 30 Tagen oder ist zu Ende.',
    tag_held_by_several:
      'Mehrere Personen haben denselben Transponder: die Zutritte sagen nicht, wer gekommen ist.',
    tag_unused: 'Der Transponder wurde vor über 30 Tagen angemeldet, und niemand hat ihn.',
    tag_of_other_site:
      'Der Transponder gehört einem anderen Standort, und dieser lässt nur seine eigenen ein.',
    master_key_dead:
      'Der Hauptschlüssel öffnet nichts: niemand hat den Transponder, oder er selbst oder sein Inhaber ist gesperrt oder abgelaufen.',
    lock_without_group:
      'Die Tür ist in keiner Gruppe: kein Schlüssel außer dem Hauptschlüssel öffnet sie.',
    lock_nobody_can_open:
      'Keine Gruppe dieser Tür hat sowohl einen Zeitplan, der noch kommt, als auch jemanden mit einem gültigen Schlüssel.',
    lock_without_iq:
      'Die Tür ist in einer Gruppe, hängt aber an keinem Hub: ihre Rechte kommen nirgends an.',
    lock_out_of_reach:
      'Der Hub ist verbunden, hört das Schloss aber nicht: nur seine Offline-Schlüssel öffnen es.',
    battery_low: 'Die Batterie des Schlosses ist schwach oder fast leer.',
    radio_weak:
      'Der Hub hört das Schloss schlecht: Öffnen aus der Ferne und neue Rechte können scheitern.',
    office_hours_never_begin: 'Die offenen Zeiten der Tür liegen alle in der Vergangenheit.',
    offline_keys_near_limit:
      'Das Schloss hat wenig oder keinen Platz mehr für weitere Offline-Schlüssel.',
    offline_keys_refused:
      'Das Schloss hat seine Offline-Schlüssel abgelehnt: fällt der Hub aus, öffnet es wie zuvor.',
    offline_validity_near:
      'Der Hub ist so lange ohne den Server, dass seine Türen bald oder schon jetzt nur noch für Offline-Schlüssel öffnen.',
    iq_offline_long:
      'Der Hub ist seit über 24 Stunden nicht verbunden: seine Türen entscheiden nach dem, was sie damals wussten.',
    iq_unsubscribed_with_rights:
      'Der Hub hat kein Abonnement: aus der Ferne öffnet keine seiner Türen, und wenn er nie eines hatte, kennen sie keine Rechte.',
    rights_not_in_hub: 'Der Hub hat eine Änderung seit über 5 Minuten nicht bestätigt.',
    rights_refused_by_hub:
      'Der Hub lehnt seine Rechte ab: seine Türen arbeiten mit den bisherigen weiter.',
    iq_without_new_certificate:
      'Der Hub hat das neueste Zertifikat noch nicht: seither aktivierte Telefone öffnen seine Türen nicht.',
  },
});

/** What to do about each. */
export const findingRemedyApiWords = words<FindingWord>({
  en: english('remedy'),
  de: {
    group_without_schedule:
      'Geben Sie der Gruppe einen Zeitplan; „immer“ sind sieben Tage von 00:00 bis 23:59.',
    group_without_lock: 'Fügen Sie die Türen hinzu, oder löschen Sie die Gruppe.',
    group_without_people: 'Fügen Sie die Personen hinzu, oder löschen Sie die Gruppe.',
    schedule_never_opens: 'Wählen Sie Tage oder berichtigen Sie die Daten.',
    schedule_is_over: 'Verschieben Sie das Enddatum, oder löschen Sie den Zeitplan.',
    person_without_key: 'Geben Sie einen Schlüssel, oder nehmen Sie die Person aus der Gruppe.',
    person_without_group:
      'Nehmen Sie die Person in eine Gruppe auf, oder nehmen Sie den Schlüssel zurück.',
    key_opens_nothing: 'Sehen Sie in den Gruppen nach, wo Türen oder Zeitpläne fehlen.',
    key_expired: 'Verschieben Sie das Ende, oder löschen Sie den Schlüssel.',
    key_expires_soon: 'Verschieben Sie das Ende, wenn die Person bleibt.',
    blocked_person_with_rights: 'Soll es so bleiben, nehmen Sie die Person aus den Gruppen.',
    pin_not_allowed: 'Erlauben Sie der Person, Tastaturen zu benutzen, oder löschen Sie die PIN.',
    pin_without_keypad: 'Geben Sie einen Transponder, oder löschen Sie die PIN.',
    plate_without_camera: 'Vermerken Sie die Kamera, oder löschen Sie das Kennzeichen.',
    phone_certificate_ends: 'Auf dem Telefon die App öffnen: sie erneuert es.',
    tag_held_by_several: 'Lassen Sie ihn einer Person, und geben Sie den anderen eigene.',
    tag_unused: 'Vergeben Sie ihn, oder löschen Sie ihn, falls er verloren ist.',
    tag_of_other_site:
      'Erlauben Sie in den Einstellungen Transponder anderer Standorte, oder geben Sie einen von hier.',
    master_key_dead:
      'Geben Sie den Transponder jemandem, oder wählen Sie einen anderen Hauptschlüssel, bevor er gebraucht wird.',
    lock_without_group: 'Nehmen Sie die Tür in eine Gruppe auf.',
    lock_nobody_can_open:
      'Sehen Sie in den Gruppen der Tür nach, wo Personen oder Zeitpläne fehlen.',
    lock_without_iq:
      'Hängen Sie das Schloss an einen Hub, oder nehmen Sie die Tür aus ihren Gruppen.',
    lock_out_of_reach: 'Sehen Sie nach Batterie und Entfernung.',
    battery_low: 'Wechseln Sie die Batterien.',
    radio_weak: 'Rücken Sie Hub oder Repeater näher, oder hängen Sie es an einen, der näher ist.',
    office_hours_never_begin: 'Berichtigen oder entfernen Sie sie.',
    offline_keys_near_limit: 'Nehmen Sie Offline-Schlüssel weg, die niemand braucht.',
    offline_keys_refused: 'Geben Sie weniger Offline-Schlüssel, oder sehen Sie nach dem Schloss.',
    offline_validity_near:
      'Bringen Sie den Hub wieder ans Netz, oder verlängern Sie in den Einstellungen, wie lange Schlüssel ohne ihn öffnen; er erfährt es, sobald er zurück ist.',
    iq_offline_long: 'Sehen Sie nach seinem Strom und seinem Netz.',
    iq_unsubscribed_with_rights: 'Geben Sie dem Hub ein Abonnement.',
    rights_not_in_hub: 'Bringen Sie den Hub wieder ans Netz.',
    rights_refused_by_hub: 'Aktualisieren Sie den Hub, oder stellen Sie ihn wieder her.',
    iq_without_new_certificate: 'Bringen Sie den Hub wieder ans Netz; dann wird es ihm gesendet.',
  },
});

function english(part: 'means' | 'remedy'): Readonly<Record<FindingWord, string>> {
  const texts = Object.entries(findingTexts).map(([word, text]) => [word, text[part]]);
  return Object.fromEntries(texts) as Record<FindingWord, string>;
}
