import { errorNames, errorTable, type ErrorName } from '#contract/errors';
import { hubWords } from '#contract/api-error';
import { words } from './words.ts';

/** What each error of the catalogue means. English is that of the API; what goes on after it is in reasons.ts. */
export const errorMeansApiWords = words<ErrorName>({
  en: english('message'),
  de: {
    REQUEST_INVALID: 'Die Anfrage ist ungültig.',
    VALUE_INVALID: 'Der Wert von „{parameterName}“ ist ungültig.',
    ODATA_INVALID: 'Die Angaben zu Suche oder Reihenfolge sind ungültig.',
    UNAUTHORIZED: 'Die Anmeldung gilt nicht oder nicht mehr.',
    ACTIVATION_CODE_INVALID: 'Der Code auf der Verpackung ist ungültig.',
    INTERNAL_ERROR: 'Im Server ist ein Fehler aufgetreten.',
    NOT_FOUND: 'Nicht gefunden: {Thing}.',
    OPERATION_NOT_ALLOWED: 'Das ist so nicht möglich.',
    IQ_TREE_INVALID: 'Der Baum des Hubs ist ungültig.',
    OFFLINE_ACCESS_INVALID: 'Der Zutritt ohne Hub (Offline-Schlüssel) ist so nicht möglich.',
    REPLACE_IQ_INVALID: 'Der Hub lässt sich so nicht ersetzen.',
    AVA_UPDATE_INVALID: 'Das Update ist so nicht möglich.',
    IQ_ACTIVATION_FAILED: 'Der Hub konnte nicht aktiviert werden.',
    DELETE_IQ_PREREQUISITES: 'Der Hub lässt sich noch nicht löschen.',
    SITE_NOT_RELEASED: 'Der Standort wird noch eingerichtet.',
    TENANT_CERTIFICATE_SYNC_FAILED: 'Das neue Zertifikat konnte dem Hub nicht gesendet werden.',
    NO_SUBSCRIPTION: 'Das Abonnement dieses Standorts reicht dafür im Augenblick nicht.',
    POD_NAME_TAKEN: 'Eine Einheit dieses Namens gibt es an diesem Standort schon.',
    POD_LOCK_NOT_IN_SITE: 'Die Türen gehören nicht zu diesem Standort.',
    POD_MEMBER_NEEDS_EMAIL: 'Mindestens ein Mitglied der Einheit braucht eine E-Mail-Adresse.',
    POD_USER_TWICE: 'Dieselbe Person kann nicht zweimal in die Einheit.',
    POD_MEMBER_ELSEWHERE: 'Die Person gehört an diesem Standort schon zu einer anderen Einheit.',
    POD_TAG_TWICE: 'Zwei Mitglieder können nicht denselben Transponder haben.',
    POD_GUEST_LIMIT_TOO_LOW: 'So viele Gäste sind schon da: die Grenze ist zu niedrig.',
    USER_IS_POD_MEMBER: 'Das geht nicht, solange die Person Mitglied einer Einheit ist.',
    POD_FULL: 'Die Einheit nimmt so viele Gäste nicht auf.',
    POD_LOCK_NOT_IN_POD: 'Die Türen gehören nicht zu dieser Einheit.',
    MIGRATION_ABORTED: 'Der Umzug wurde abgebrochen; nichts ist verändert.',
    PLATFORM_FUNCTION_FAILED: 'Der Server konnte nicht fertigstellen, was verlangt war.',
    CCC_FAILED: 'Der Teil des Servers, der mit den Hubs spricht, ist ausgefallen.',
    CCC_COMMAND_FAILED: 'Der Hub hat es nicht getan: {word}.',
    CCC_OPERATION_NOT_ALLOWED: 'Der Hub nimmt das im Augenblick nicht an.',
    CCC_ENTITY_NOT_FOUND: 'Der Hub hat sich bei diesem Server noch nicht gemeldet.',
    IQ_OFFLINE: 'Der Hub ist nicht verbunden.',
    REQUEST_FAILED: 'Ein Dienst, den der Server braucht, hat nicht geantwortet.',
    MESSAGE_INVALID: 'Die Nachricht konnte nicht gesendet werden.',
    INVITE_FAILED: 'Die Person konnte nicht eingeladen werden.',
  },
});

/** What to do about each. */
export const errorAdviceApiWords = words<ErrorName>({
  en: english('whatToDo'),
  de: {
    REQUEST_INVALID: 'Berichtigen Sie die Eingaben.',
    VALUE_INVALID: 'Geben Sie einen anderen Wert ein.',
    ODATA_INVALID: 'Suchen Sie anders, oder laden Sie die Seite neu.',
    UNAUTHORIZED: 'Melden Sie sich noch einmal an.',
    ACTIVATION_CODE_INVALID:
      'Vergleichen Sie ihn mit dem Gerät; ist es anderswo in Gebrauch, geben Sie es dort zuerst frei.',
    INTERNAL_ERROR:
      'Versuchen Sie es später noch einmal; dem Betreiber des Servers hilft die Nummer der Anfrage.',
    NOT_FOUND: 'Vielleicht wurde es inzwischen entfernt: laden Sie die Seite neu.',
    OPERATION_NOT_ALLOWED: 'Ändern Sie zuerst, was im Weg steht.',
    IQ_TREE_INVALID: 'Berichtigen Sie die genannte Stelle im Baum.',
    OFFLINE_ACCESS_INVALID:
      'Nur Schlüssel, die dieses Schloss öffnen dürfen, und nicht mehr, als es fasst.',
    REPLACE_IQ_INVALID: 'Nehmen Sie einen freien Hub derselben Bauart.',
    AVA_UPDATE_INVALID: 'Laden Sie die Liste der Updates neu.',
    IQ_ACTIVATION_FAILED:
      'Geben Sie dem Hub Strom und Netz, und versuchen Sie es dann noch einmal.',
    DELETE_IQ_PREREQUISITES: 'Lösen Sie zuerst seine Schlösser, und leeren Sie seinen Baum.',
    SITE_NOT_RELEASED: 'Warten Sie, bis der Installateur den Standort übergeben hat.',
    TENANT_CERTIFICATE_SYNC_FAILED:
      'Nichts: beim nächsten Kontakt mit dem Hub wird es wieder versucht.',
    NO_SUBSCRIPTION: 'Verlängern Sie das Abonnement, oder machen Sie einen Platz frei.',
    POD_NAME_TAKEN: 'Wählen Sie einen anderen Namen.',
    POD_LOCK_NOT_IN_SITE: 'Wählen Sie Türen dieses Standorts.',
    POD_MEMBER_NEEDS_EMAIL: 'Lassen Sie jemanden darin, der per E-Mail zu erreichen ist.',
    POD_USER_TWICE: 'Nennen Sie jede Person einmal.',
    POD_MEMBER_ELSEWHERE: 'Nehmen Sie die Person zuerst aus der anderen Einheit.',
    POD_TAG_TWICE: 'Geben Sie jedem Mitglied einen eigenen Transponder.',
    POD_GUEST_LIMIT_TOO_LOW: 'Entfernen Sie zuerst Gäste, oder wählen Sie eine höhere Grenze.',
    USER_IS_POD_MEMBER: 'Nehmen Sie die Person zuerst aus der Einheit.',
    POD_FULL: 'Erhöhen Sie die Grenze, oder lassen Sie weniger Gäste ein.',
    POD_LOCK_NOT_IN_POD: 'Wählen Sie Türen der Einheit.',
    MIGRATION_ABORTED:
      'Beheben Sie, was die Prüfung nennt, und beginnen Sie den Umzug noch einmal.',
    PLATFORM_FUNCTION_FAILED: 'Versuchen Sie es später noch einmal.',
    CCC_FAILED:
      'Sehen Sie an der Tür nach, bevor Sie es noch einmal versuchen; sagen Sie dem Betreiber des Servers Bescheid.',
    CCC_COMMAND_FAILED:
      'Beheben Sie den Grund. Ohne Antwort oder bei einem Defekt kann die Tür geöffnet haben: sehen Sie nach.',
    CCC_OPERATION_NOT_ALLOWED:
      'Bringen Sie den Hub in den nötigen Zustand, und versuchen Sie es dann noch einmal.',
    CCC_ENTITY_NOT_FOUND: 'Warten Sie, bis der Hub Kontakt hatte.',
    IQ_OFFLINE:
      'Prüfen Sie Strom und Netz des Hubs; seine Türen arbeiten mit dem weiter, was sie wissen.',
    REQUEST_FAILED: 'Versuchen Sie es später noch einmal.',
    MESSAGE_INVALID: 'Tragen Sie die fehlende Adresse ein, oder wählen Sie einen anderen Weg.',
    INVITE_FAILED: 'Berichtigen Sie die Adresse, oder fragen Sie die Person.',
  },
});

function english(part: 'message' | 'whatToDo'): Readonly<Record<ErrorName, string>> {
  const texts = errorNames.map((name) => [name, errorTable[name][part]]);
  return Object.fromEntries(texts) as Record<ErrorName, string>;
}

/** Why a hub did not do what it was asked. */
export const hubWordApiWords = words<(typeof hubWords)[number]>({
  en: asIs(hubWords),
  de: {
    timeout: 'keine Antwort in der Zeit',
    hardware_not_found: 'er kennt das Schloss nicht',
    accessor_not_found: 'er kennt die Person nicht',
    otp_invalid: 'der Einmalcode ist falsch',
    pin_not_changed: 'die PIN muss zuerst geändert werden',
    lock_offline: 'das Schloss hat keine Verbindung',
    not_attached: 'das Schloss ist nicht angebunden',
    otp_blocked: 'Einmalcodes sind nach falschen gesperrt',
    command_forbidden: 'es ist gerade nicht erlaubt',
    privacy_mode: 'die Tür steht auf privat',
    access_denied: 'die Person darf diese Tür nicht benutzen',
    hardware_error: 'ein Defekt am Schloss',
    jammed: 'der Riegel klemmt',
  },
});

const things = {
  'Access group': 'Zutrittsgruppe',
  Client: 'Programm',
  'Data removal': 'Löschantrag',
  Delivery: 'Sendung',
  Entry: 'Zutritt',
  Floor: 'Etage',
  Guest: 'Gast',
  'Identity provider': 'Anmeldedienst',
  'Installer access': 'Zugang des Installateurs',
  IQ: 'Hub',
  Key: 'Schlüssel',
  Lock: 'Schloss',
  Locker: 'Schließfach',
  'Locker group': 'Schließfachgruppe',
  Object: 'Eintrag',
  Pod: 'Einheit',
  Role: 'Rolle',
  Secret: 'Geheimnis',
  'Simulated building': 'Simuliertes Gebäude',
  Site: 'Standort',
  Tag: 'Transponder',
  Tenant: 'Mandant',
  'Time schedule': 'Zeitplan',
  User: 'Person',
  Voucher: 'Gutschein',
  Webhook: 'Webhook',
};

/** What an error says is not there. */
export const thingApiWords = words({ en: asIs(Object.keys(things) as Thing[]), de: things });
type Thing = keyof typeof things;

/** Fields that people fill in; the others are named as the API does. */
const fields = {
  alias: 'Name am Standort',
  customer_reference: 'Name',
  email: 'E-Mail',
  end_date: 'Enddatum',
  end_time: 'Ende',
  expires_at: 'Ende',
  first_name: 'Vorname',
  from_date: 'Von',
  last_name: 'Nachname',
  license_plate: 'Kennzeichen',
  otp: 'Einmalcode',
  phone_number: 'Telefonnummer',
  pin: 'PIN',
  rights: 'Rechte',
  roles: 'Rollen',
  start_date: 'Anfangsdatum',
  start_time: 'Anfang',
  tag_number: 'Nummer des Transponders',
  time_zone: 'Zeitzone',
  to_date: 'Bis',
  url: 'Adresse',
};
export const fieldApiWords = words({ en: asIs(Object.keys(fields) as Field[]), de: fields });
type Field = keyof typeof fields;

/** English as the API has it. */
function asIs<Word extends string>(given: readonly Word[]): Readonly<Record<Word, string>> {
  const texts: Record<string, string> = {};
  for (const word of given) texts[word] = word;
  return texts as Record<Word, string>;
}
