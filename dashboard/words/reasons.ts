import { words } from './words.ts';

/**
 * What goes on after the meaning of an error: sentences of the API by their English text. `test/contract/dashboard.test.ts` finds the
 * one that the server has and this does not; what a newer server says shows in English.
 */
const german = {
  // Values
  'Allowed are {words}.': 'Erlaubt: {words}.',
  'Allowed are {least} to {most}.': 'Erlaubt: {least} bis {most}.',
  'Allowed are {least} to {most} days.': 'Erlaubt: {least} bis {most} Tage.',
  'It is taken.': 'Das gibt es schon.',
  'Nothing has this id.': 'Nichts hat diese Kennung.',
  'It is the source.': 'Das ist die Quelle selbst.',
  'No such vendor is installed.': 'Dieser Hersteller ist nicht eingerichtet.',
  'Send a date and time such as 2050-01-01T12:30:00Z.':
    'Datum und Uhrzeit, zum Beispiel 2050-01-01T12:30:00Z.',
  'Send a date such as 2050-01-01, or a date and time.':
    'Ein Datum, zum Beispiel 2050-01-01, auch mit Uhrzeit.',
  'Send a date such as 2050-01-31, or a date and time.':
    'Ein Datum, zum Beispiel 2050-01-31, auch mit Uhrzeit.',
  'Send a time of day such as 08:00 or 08:00:00.': 'Eine Uhrzeit, zum Beispiel 08:00.',
  'Send a time of day such as 17:30 or 17:30:59.': 'Eine Uhrzeit, zum Beispiel 17:30.',
  'Send days and time such as 90.00:00:00.': 'Tage und Zeit, zum Beispiel 90.00:00:00.',
  'The accessor has no key for it.': 'Die Person hat dafür keinen Schlüssel.',
  'It is needed.': 'Das wird gebraucht.',
  'It must be sent.': 'Das wird gebraucht.',
  'It must lie ahead.': 'Der Zeitpunkt muss in der Zukunft liegen.',
  'It must lie ahead, and within a day.':
    'Der Zeitpunkt muss in der Zukunft liegen, höchstens einen Tag entfernt.',
  'It must lie 1 to 366 days ahead.': 'Der Tag muss 1 bis 366 Tage in der Zukunft liegen.',
  'It lies before start_date.': 'Das Ende liegt vor dem Anfang.',
  'It lies before from_date.': 'Das Ende liegt vor dem Anfang.',
  'It is before from_date.': 'Das Ende liegt vor dem Anfang.',
  'It must lie after from_date.': 'Das Ende muss nach dem Anfang liegen.',
  'It is 0 or more.': 'Erlaubt ist 0 oder mehr.',
  'It is 1 or more.': 'Erlaubt ist 1 oder mehr.',
  'It must have 1 to 32 letters or digits.': '1 bis 32 Buchstaben oder Ziffern.',
  'It must have 1 to {most} characters.': '1 bis {most} Zeichen.',
  'It has 1 to 255 characters.': '1 bis 255 Zeichen.',
  'It has 1 to 255 visible characters.': '1 bis 255 sichtbare Zeichen.',
  'It has 1 to 1000 visible characters.': '1 bis 1000 sichtbare Zeichen.',
  'It is longer than {most} characters.': 'Höchstens {most} Zeichen.',
  'It holds control characters.': 'Darin sind Steuerzeichen.',
  'It holds a NUL character.': 'Darin ist ein unerlaubtes Zeichen.',
  'It holds half a character.': 'Darin ist ein unerlaubtes Zeichen.',
  'It is no e-mail address.': 'Das ist keine E-Mail-Adresse.',
  'The address is malformed.': 'Das ist keine E-Mail-Adresse.',
  'Send 4 digits.': '4 Ziffern.',
  'Send 12 letters or digits.': '12 Buchstaben oder Ziffern.',
  'Send letters, digits and _, at most 50.': 'Buchstaben, Ziffern und _, höchstens 50.',
  'Send an IANA name such as Europe/Amsterdam.': 'Zum Beispiel Europe/Berlin.',
  'Send an ISO 3166 code of two letters.': 'Zwei Buchstaben, zum Beispiel DE.',
  'Send an international number such as +31201234567.':
    'Mit Landesvorwahl, zum Beispiel +49301234567.',
  'The {name} field is required.': 'Es fehlt: {name}.',
  'There are {count} more.': 'Und {count} weitere.',
  'At least one day should be selected': 'Wählen Sie mindestens einen Tag.',
  'Nothing has the id {id}.': 'Etwas davon gibt es nicht mehr ({id}).',
  '{id} belongs to another collection than the group.':
    'Etwas davon gehört zu einem anderen Standort als die Gruppe ({id}).',
  'Request id: {id}': 'Anfrage {id}.',
  'Try again.': 'Versuchen Sie es noch einmal.',
  'The {name} field must be {kind}.': 'Die Angabe {name} ist von falscher Art ({kind}).',
  '{count} requests a minute are allowed.': 'Erlaubt sind {count} Anfragen in der Minute.',

  // People
  'The accessor is suspended.': 'Die Person hat keinen Platz.',
  'The accessor is blocked.': 'Die Person ist gesperrt.',
  'The accessor is suspended or blocked there.': 'Die Person ist dort gesperrt oder ohne Platz.',
  'The accessor has no remote access.': 'Die Person darf aus der Ferne nicht öffnen.',
  'The accessor is the owner of a site.': 'Die Person ist Eigentümer eines Standorts.',
  'The accessor has an active PIN on an IQ; send force=true.':
    'Die Person hat an einem Hub eine gültige PIN.',
  'The accessor has a tag; send force=true.': 'Die Person hat einen Transponder.',
  'The accessor is in an access group of another collection.':
    'Die Person ist in einer Zutrittsgruppe eines anderen Standorts.',
  'The accessor has a setting in this collection.':
    'Die Person ist an diesem Standort schon eingerichtet.',
  'The person of the accessor has another accessor there.':
    'Die Person ist dort schon eingerichtet.',
  'A keypad code of the accessor cannot be used there.':
    'Eine PIN der Person lässt sich dort nicht benutzen.',
  'The time of the guest is over.': 'Die Zeit des Gastes ist vorbei.',
  'The owner cannot be suspended.': 'Dem Eigentümer lässt sich der Platz nicht nehmen.',
  'The owner cannot be blocked.': 'Der Eigentümer lässt sich nicht sperren.',
  'The owner cannot be removed.': 'Der Eigentümer lässt sich nicht entfernen.',
  'The roles of the owner cannot be changed.':
    'Die Rollen des Eigentümers lassen sich nicht ändern.',
  'The person changed meanwhile; try again.':
    'Die Person wurde inzwischen geändert; versuchen Sie es noch einmal.',
  'The person changed meanwhile.': 'Die Person wurde inzwischen geändert.',
  'Somebody changed meanwhile; try again.':
    'Jemand wurde inzwischen geändert; versuchen Sie es noch einmal.',
  'Names and e-mail are those of the profile, which its person changes.':
    'Name und E-Mail-Adresse pflegt die Person selbst in ihrem Profil.',
  'Another site looks after names and e-mail of the person.':
    'Name und E-Mail-Adresse der Person pflegt ein anderer Standort.',
  'The person is on a site of this user already.':
    'Die Person ist an einem Standort dieses Benutzers schon da.',
  'The person is on the site already.': 'Die Person gehört schon zu diesem Standort.',
  'The user is above your own level.': 'Die Person steht über Ihrer eigenen Rolle.',
  'One of the roles is unknown.': 'Eine der Rollen gibt es nicht.',
  'One of the roles comes with a pod or a guest only.':
    'Eine der Rollen gibt es nur mit einer Einheit oder für Gäste.',
  'One of the roles must be hierarchical.': 'Die Person braucht eine Hauptrolle.',
  'One of the roles is above your own level.': 'Eine der Rollen steht über Ihrer eigenen.',
  'The role stands above your own level.': 'Die Rolle steht über Ihrer eigenen.',
  'Name a hierarchical role.': 'Wählen Sie eine Hauptrolle.',
  'A role below it has a right that would go.':
    'Eine Rolle darunter hat ein Recht, das damit wegfiele.',
  'Somebody has the role, or a role stands below it.':
    'Jemand hat diese Rolle, oder eine andere steht darunter.',
  'You, or the role above it, lack {rights}.':
    'Ihnen oder der Rolle darüber fehlt dieses Recht: {rights}.',
  'Another role has it.': 'Eine andere Rolle hat das schon.',
  'The person has a profile.': 'Die Person ist schon angemeldet.',
  'The person has no e-mail address.': 'Die Person hat keine E-Mail-Adresse.',
  'The person takes no invitations of this site.':
    'Die Person möchte von diesem Standort nicht eingeladen werden.',
  'The mail was not taken over ({fault}).':
    'Der Mailserver hat die Mail nicht angenommen ({fault}).',
  'You have no verified e-mail address.': 'Ihre E-Mail-Adresse ist nicht bestätigt.',
  'The report is too large for a mail. Ask for fewer days.':
    'Der Bericht ist zu groß für eine Mail. Wählen Sie weniger Tage.',
  'The mail with the report was not taken over.':
    'Der Mailserver hat die Mail mit dem Bericht nicht angenommen.',
  'A report is about 366 days at most.': 'Ein Bericht umfasst höchstens 366 Tage.',
  'There is no e-mail address.': 'Es gibt keine E-Mail-Adresse.',
  'There is no phone number.': 'Es gibt keine Telefonnummer.',
  'Nobody took the message over.': 'Niemand hat die Nachricht angenommen.',
  'The request was answered before.': 'Der Antrag ist schon beantwortet.',
  'The person owns the site; it must be handed over first.':
    'Der Standort gehört der Person; er muss zuerst übergeben werden.',
  'The caller is no user of the site.': 'Sie gehören nicht zu diesem Standort.',

  // Keys, tags and codes
  'No keypad code is free.': 'Keine PIN ist mehr frei.',
  'The collection allows no custom PINs.': 'Dieser Standort erlaubt keine selbst gewählten PINs.',
  'The key opens locks offline; send force=true.': 'Der Schlüssel öffnet Türen auch ohne Hub.',
  'The tag has another accessor.': 'Den Transponder hat eine andere Person.',
  'The tag is another person’s; clear it there first.':
    'Den Transponder hat eine andere Person; nehmen Sie ihn dort zuerst weg.',
  'Only the tag of a key can be swapped.':
    'Nur der Transponder eines Schlüssels lässt sich tauschen.',
  'The accessor has a key of that tag.': 'Die Person hat diesen Transponder schon.',
  'The accessor has no such key.': 'Die Person hat diesen Schlüssel nicht.',
  'The key has a setting here.': 'Der Schlüssel ist hier schon eingerichtet.',
  'Settings of keys hang on it; send force=true.': 'Daran hängen Einstellungen von Schlüsseln.',
  'The tag is the master key of a collection.':
    'Der Transponder ist der Hauptschlüssel eines Standorts.',
  'An accessor has the tag; send force=true.': 'Jemand hat den Transponder.',
  'The accessor has this plate.': 'Die Person hat dieses Kennzeichen schon.',
  'The lock is not marked as having a licence plate camera.':
    'Bei diesem Schloss ist keine Kamera für Kennzeichen vermerkt.',
  'The accessor is already activated on this IQ; send an otp.':
    'Die Codes sind an diesem Hub schon eingerichtet; tragen Sie einen Einmalcode ein.',
  'Otp is invalid': 'Der Einmalcode fehlt oder ist falsch.',
  'a key of the type {type} opens nothing offline':
    'Ein Schlüssel der Art {type} öffnet nichts ohne Hub.',
  'the key is blocked': 'Der Schlüssel ist gesperrt.',
  'a lock has no room for the key': 'Ein Schloss hat für den Schlüssel keinen Platz mehr.',
  'there is no key {key}': 'Den Schlüssel {key} gibt es nicht.',
  'there is no lock {lock}': 'Das Schloss {lock} gibt es nicht.',
  'key {key} is of the type {type}, which opens nothing offline':
    'Der Schlüssel {key} ist von der Art {type} und öffnet nichts ohne Hub.',
  'key {key} is blocked': 'Der Schlüssel {key} ist gesperrt.',
  'the accessor of key {key} is in no group with lock {lock}':
    'Keine Zutrittsgruppe gibt dem Schlüssel {key} das Schloss {lock}.',
  'lock {lock} is not attached': 'Das Schloss {lock} ist nicht angebunden.',
  'lock {lock} holds {most} offline keys at most':
    'Das Schloss {lock} fasst höchstens {most} Offline-Schlüssel.',
  'No site lets you in at present.': 'Kein Standort lässt Sie zurzeit ein.',
  'The phone is being added.': 'Das Telefon wird gerade hinzugefügt.',
  'You have no site.': 'Sie gehören zu keinem Standort.',
  'You have {count} phones.': 'Sie haben schon {count} Telefone.',
  'The device is not activated.': 'Das Telefon ist nicht aktiviert.',

  // Groups and schedules
  'The group has a lock or an accessor of another collection.':
    'Die Gruppe hat eine Tür oder eine Person eines anderen Standorts.',
  'No group gives the lock to the accessor.': 'Keine Zutrittsgruppe gibt der Person diese Tür.',
  'The lock is in an access group of another collection.':
    'Die Tür ist in einer Zutrittsgruppe eines anderen Standorts.',
  'The lock has none.': 'Die Tür hat keine offenen Zeiten.',

  // Doors
  'Ask for unlocked, office_mode or locked.': 'Möglich: öffnen, Büromodus oder verriegeln.',
  'The lock is detached.': 'Das Schloss ist nicht angebunden.',
  'The lock is not detached.': 'Das Schloss hängt noch an einem Hub.',
  'The lock is in office mode.': 'Die Tür ist im Büromodus.',
  'It has an easy office mode schedule or offline keys; send force=true.':
    'Das Schloss hat offene Zeiten oder Offline-Schlüssel.',
  'No such tag.': 'Diesen Transponder gibt es nicht.',
  'No such floor in the collection of the lock.': 'Diese Etage gibt es an diesem Standort nicht.',
  'The lock is in the tree of an IQ and stays in its collection.':
    'Das Schloss steht im Baum eines Hubs und bleibt an seinem Standort.',
  'The lock hangs on no IQ: no table of rights decides there.':
    'Das Schloss hängt an keinem Hub: dort entscheidet keine Tabelle von Rechten.',
  'The floor has locks; send force=true.': 'Auf der Etage sind noch Türen.',
  'The collection has no lock {lock}.': 'Der Standort hat diese Tür nicht ({lock}).',
  'Send detached_pending or nothing.': 'Möglich ist nur das Lösen.',
  'The code is in use.': 'Der Code ist schon in Gebrauch.',
  'The new hardware is of another vendor.': 'Das neue Gerät ist von einem anderen Hersteller.',
  'The new hardware {holds} {most} offline keys at most, the lock has {count}.':
    'Das neue Gerät fasst höchstens {most} Offline-Schlüssel ({holds}), das Schloss hat {count}.',
  'Somebody has the locker.': 'Das Schließfach ist belegt.',
  'The locker is not assigned by hand.': 'Dieses Schließfach wird nicht von Hand vergeben.',
  'The locker is assigned by hand.': 'Dieses Schließfach wird von Hand vergeben.',
  'No group gives the locker to the caller.': 'Keine Zutrittsgruppe gibt Ihnen dieses Schließfach.',
  'The caller has a locker.': 'Sie haben schon ein Schließfach.',
  'The caller does not have the locker.': 'Sie haben dieses Schließfach nicht.',

  // Hubs
  'The IQ is not subscribed.': 'Der Hub hat kein Abonnement.',
  'The IQ is in installation.': 'Der Hub wird noch eingerichtet.',
  'The IQ must be restored first.': 'Der Hub muss zuerst wiederhergestellt werden.',
  'The IQ is being replaced.': 'Der Hub wird gerade ersetzt.',
  'Its replacement is running.': 'Er wird gerade ersetzt.',
  'An update is running.': 'Ein Update läuft gerade.',
  'Locks or repeaters are in its tree or not detached.':
    'Schlösser oder Repeater hängen noch an ihm.',
  'More than {most} commands wait for this IQ.':
    'Mehr als {most} Aufträge warten schon auf diesen Hub.',
  'The hub is of another vendor.': 'Der Hub ist von einem anderen Hersteller.',
  'It cannot be switched off again.': 'Das lässt sich nicht wieder ausschalten.',
  'A lock of the IQ is in an access group of another collection.':
    'Eine Tür des Hubs ist in einer Zutrittsgruppe eines anderen Standorts.',
  'The collection has all the IQs it may have.': 'Der Standort hat schon alle Hubs, die er darf.',
  'The hub has not been wiped since its last IQ was removed.':
    'Der Hub ist noch nicht geleert, seit er zuletzt gelöscht wurde.',
  'The hub has never been in contact with this server.':
    'Der Hub hat sich bei diesem Server noch nie gemeldet.',
  'The hub refuses the claim.': 'Der Hub lehnt es ab, hierher zu gehören.',
  'The hub is not connected.': 'Der Hub ist nicht verbunden.',
  'The IQ, or a lock or repeater of it, is being updated.':
    'Der Hub oder etwas an ihm wird gerade aktualisiert.',
  'the hub has not confirmed its claim': 'Der Hub hat noch nicht bestätigt, hierher zu gehören.',
  'a replacement is running': 'Er wird gerade ersetzt.',
  'it is the same hub': 'Es ist derselbe Hub.',
  'the new hub is registered already': 'Der neue Hub ist schon angemeldet.',
  'the new hub is of another vendor': 'Der neue Hub ist von einem anderen Hersteller.',
  'the new hub is of another model generation': 'Der neue Hub ist von einer anderen Bauart.',
  'the new hub holds less than the tree': 'Der neue Hub fasst weniger, als im Baum ist.',
  'the new hub did not take the claim': 'Der neue Hub hat nicht angenommen, hierher zu gehören.',
  'item {number} is the IQ itself': 'Nummer {number} ist der Hub selbst.',
  'item {number} occurs twice': 'Nummer {number} kommt zweimal vor.',
  'item {number} has a parent that is not in the list':
    'Nummer {number} hängt an etwas, das nicht dabei ist.',
  'item {number} has a lock as parent': 'Nummer {number} hängt an einem Schloss.',
  'item {number} hangs on itself': 'Nummer {number} hängt an sich selbst.',
  'item {number} is no lock that is known': 'Nummer {number} ist kein bekanntes Schloss.',
  'item {number} is no repeater that is known': 'Nummer {number} ist kein bekannter Repeater.',
  'item {number} is more than {most} locks': 'Nummer {number} ist mehr als {most} Schlösser.',
  'item {number} is more than {most} repeaters': 'Nummer {number} ist mehr als {most} Repeater.',
  'item {number} is below layer {most}': 'Nummer {number} ist tiefer als Ebene {most}.',
  'item {number} hangs on the IQ beside a repeater':
    'Nummer {number} hängt direkt am Hub neben einem Repeater.',
  'item {number} belongs to another IQ': 'Nummer {number} gehört zu einem anderen Hub.',
  'item {number} is of another vendor': 'Nummer {number} ist von einem anderen Hersteller.',
  'item {number} is of another collection': 'Nummer {number} gehört zu einem anderen Standort.',
  'item {number} is in an access group of another collection':
    'Nummer {number} ist in einer Zutrittsgruppe eines anderen Standorts.',
  'lock {lock} is attached and missing: it must be detached first':
    'Das Schloss {lock} ist angebunden und fehlt: lösen Sie es zuerst.',
  'the IQ is of another vendor': 'Der Hub ist von einem anderen Hersteller.',
  'The repeater is in the tree of an IQ and stays in its collection.':
    'Der Repeater steht im Baum eines Hubs und bleibt an seinem Standort.',
  'The repeater is in a tree or not detached.': 'Der Repeater hängt noch an einem Hub.',
  'An update of this hardware is running.': 'Ein Update dieses Geräts läuft gerade.',
  'The version was withdrawn.': 'Die Fassung wurde zurückgezogen.',
  'The version is for other hardware.': 'Die Fassung ist für andere Geräte.',
  'The hardware runs {version} already.': 'Auf dem Gerät läuft schon {version}.',
  'A newer version is offered.': 'Es gibt eine neuere Fassung.',
  'The hardware or its IQ is offline.': 'Das Gerät oder sein Hub ist nicht verbunden.',
  'Version {version} is not given to further devices: too many failed with it.':
    'Die Fassung {version} wird nicht weiter verteilt: zu viele Geräte sind damit gescheitert.',
  'The hardware was made without the key of a maker and takes no updates.':
    'Das Gerät kennt keinen Schlüssel eines Herstellers und nimmt keine Updates an.',
  'The image is not signed by the maker of the hardware.':
    'Das Update ist nicht vom Hersteller des Geräts unterschrieben.',
  'The image arrived damaged.': 'Das Update kam beschädigt an.',
  'The image is for other hardware.': 'Das Update ist für andere Geräte.',
  'The image is older than what runs.': 'Das Update ist älter als das, was läuft.',
  'The hardware did not start with it and runs the former version again.':
    'Das Gerät startete damit nicht und läuft wieder mit der vorigen Fassung.',
  'The hardware did not answer.': 'Das Gerät hat nicht geantwortet.',
  'The hardware is not attached to its IQ.': 'Das Gerät ist nicht an seinen Hub angebunden.',
  'The image could not be read from the catalogue.':
    'Das Update konnte nicht aus dem Katalog gelesen werden.',
  'The hardware gave no reason.': 'Das Gerät hat keinen Grund genannt.',

  // Site, plan, installer, messages
  'No seat is free in the collection.': 'Am Standort ist kein Platz frei.',
  'The subscription of the site has ended.': 'Das Abonnement des Standorts ist zu Ende.',
  'The subscription does not hold {feature}.': 'Das Abonnement enthält das nicht: {feature}.',
  'The voucher was redeemed already.': 'Der Gutschein ist schon eingelöst.',
  'The voucher was issued for another site.':
    'Der Gutschein wurde für einen anderen Standort ausgestellt.',
  'No installer access is active at the site.':
    'Zurzeit hat kein Installateur Zugang zum Standort.',
  'The site is being set up; release it to hand it over.':
    'Der Standort wird noch eingerichtet; geben Sie ihn frei, um ihn zu übergeben.',
  'The site is not being set up.': 'Der Standort wird nicht mehr eingerichtet.',
  'An IQ is still registered.': 'Ein Hub ist noch angemeldet.',
  'The installer leaves the site; name another as its owner.':
    'Der Installateur verlässt den Standort; nennen Sie jemand anderen als Eigentümer.',
  'The new owner is no site_admin of the site.':
    'Der neue Eigentümer hat an diesem Standort nicht die Rolle Verwaltung.',
  'The site has an owner, who alone hands it over.':
    'Der Standort hat einen Eigentümer; nur er kann ihn übergeben.',
  'Hardware, tags, accessors or groups belong to the collection; send force=true.':
    'Zum Standort gehören noch Geräte, Transponder, Personen oder Gruppen.',
  'The rule has no channel.': 'Die Regel nennt keinen Weg: Mail, SMS oder App.',
  'Nobody whom the rule tells has a phone number.':
    'Niemand, dem die Regel etwas sagt, hat eine Telefonnummer.',
  'Somebody among them may see no incidents of the site.':
    'Jemand darunter darf Vorfälle dieses Standorts nicht sehen.',
  'Quiet hours have a beginning and an end.': 'Ruhezeiten haben einen Anfang und ein Ende.',
  'Too many exports run at the moment.': 'Zurzeit laufen zu viele Ausgaben.',
  'It must be an absolute URL of at most 2048 characters, without a user, a password and a fragment.':
    'Eine ganze Adresse von höchstens 2048 Zeichen, ohne Benutzer, Passwort und #.',
  'It must begin with https.': 'Sie muss mit https beginnen.',
  'It leads into a private network.': 'Sie führt in ein inneres Netz.',
  'Its name is not known.': 'Ihr Name ist unbekannt.',
  'It does not answer.': 'Dort antwortet niemand.',
  'Its certificate is not trusted.': 'Ihrem Zertifikat wird nicht vertraut.',
  'It refuses connections.': 'Dort wird die Verbindung abgelehnt.',
  'It cannot be reached.': 'Sie ist nicht zu erreichen.',
  'Name at least one kind of event.': 'Wählen Sie mindestens eine Art von Ereignis.',
  'The delivery is still under way.': 'Die Sendung ist noch unterwegs.',
  'A replay of this webhook is running.': 'Dieser Webhook sendet gerade schon noch einmal.',
  'Send it or from_cursor, not both.': 'Nur eine der beiden Angaben.',

  // Floor plans
  'The plans of a site have {size} MiB together; send a smaller picture or remove another.':
    'Alle Pläne eines Standorts haben zusammen {size} MiB; nehmen Sie ein kleineres Bild, oder entfernen Sie ein anderes.',
  'It is a part of the side of the picture, from 0 to 1.':
    'Ein Teil der Seite des Bildes, von 0 bis 1.',
  'A lock is named twice.': 'Eine Tür ist zweimal genannt.',
  'The body must be a picture.': 'Das ist kein Bild.',
  'Send a PNG, JPEG or WebP picture.': 'Nehmen Sie ein Bild als PNG, JPEG oder WebP.',

  // Pods
  'The access code was used by this token already.': 'Der Zugangscode ist schon benutzt.',
  'The access code has ended; ask for a new one.':
    'Der Zugangscode gilt nicht mehr; bitten Sie um einen neuen.',
  'A rule that holds always is for all locks of the pod.':
    'Eine Regel, die immer gilt, gilt für alle Türen der Einheit.',
  'A rule of that type needs at least one lock of the pod.':
    'Eine solche Regel braucht mindestens eine Tür der Einheit.',
  'Its type is needed.': 'Die Art der Regel fehlt.',
  'A rule that holds always has no schedules.': 'Eine Regel, die immer gilt, hat keine Zeiten.',
  'The rule needs at least one schedule.': 'Die Regel braucht mindestens einen Zeitplan.',
  'A rule of that type is for guests.': 'Eine solche Regel ist für Gäste.',

  // Programs and sign-in
  'There is no such tenant.': 'Diesen Mandanten gibt es nicht.',
  'A client needs a grant.': 'Das Programm braucht mindestens eine Art der Anmeldung.',
  'password and client_credentials are for confidential clients.':
    'password und client_credentials sind für Programme, die ein Geheimnis haben.',
  'access_code is for public clients.': 'access_code ist für Programme ohne Geheimnis.',
  'refresh_token goes with a grant of people.':
    'refresh_token gibt es nur zusammen mit der Anmeldung von Personen.',
  'A client needs a scope.': 'Das Programm braucht mindestens eine Berechtigung.',
  'offline_access goes with the grant refresh_token.':
    'offline_access gibt es nur zusammen mit refresh_token.',
  'Without a person there are only scopes of the Core face.':
    'Ohne eine Person gibt es nur Berechtigungen der Core-API.',
  'authorization_code needs an address to go back to.':
    'authorization_code braucht eine Adresse, zu der es zurückgeht.',
  'It has 1 to 40 small letters, digits and dashes, and is not local.':
    '1 bis 40 Kleinbuchstaben, Ziffern und Striche; „local“ ist vergeben.',
  'There is one of that id.': 'Das gibt es schon.',
  'It is an address with https, or http on this machine, without query.':
    'Eine Adresse mit https, oder mit http auf diesem Rechner, ohne Zusätze nach einem Fragezeichen.',

  // Tables
  'A file of {kind} needs the column {needed}; its first row names the columns: {columns}.':
    'Eine Tabelle dieser Art ({kind}) braucht die Spalte {needed}; ihre erste Zeile nennt die Spalten: {columns}.',
  'Line {line} says the same of the same.': 'Zeile {line} sagt dasselbe noch einmal.',
  'Whoever has no e-mail address needs an alias, to be found again by.':
    'Wer keine E-Mail-Adresse hat, braucht einen Namen am Standort (alias), um wiedergefunden zu werden.',
  'Every tag needs its number.': 'Jeder Transponder braucht seine Nummer.',
  'It is the number of the chip as text, of 64 characters at most.':
    'Die Nummer des Chips als Text, höchstens 64 Zeichen.',
  'Write it as 2027-01-31T12:00:00Z.': 'Schreiben Sie: 2027-01-31T12:00:00Z.',
  'Write it as 2027-01-31.': 'Schreiben Sie: 2027-01-31.',
  'Write it as 08:00.': 'Schreiben Sie: 08:00.',
  'A spreadsheet has made a number of {text}; format the column as text and write the eight digits.':
    'Die Tabellenkalkulation hat {text} zu einer Zahl gemacht; stellen Sie die Spalte auf Text und schreiben Sie die acht Ziffern.',
  'A tag has a number of eight digits, not "{text}".':
    'Ein Transponder hat eine Nummer aus acht Ziffern, nicht „{text}“.',
  'Every group needs its name.': 'Jede Gruppe braucht ihren Namen.',
  'Write days as mon-fri, sat|sun or all.': 'Schreiben Sie Tage als mon-fri, sat|sun oder all.',
  'A schedule needs days; write all for every day.':
    'Ein Zeitplan braucht Tage; schreiben Sie all für jeden Tag.',
  'The site has no group "{name}"; import the groups before the people.':
    'Der Standort hat keine Gruppe „{name}“; importieren Sie Gruppen vor Personen.',
  'Several groups are called "{name}"; rename one of them.':
    'Mehrere Gruppen heißen „{name}“; benennen Sie eine um.',
  'The site has no tag {number}; import the tags before the people, or show it at a lock in tag registration.':
    'Der Standort hat keinen Transponder {number}; importieren Sie Transponder vor Personen, oder melden Sie ihn an einem Schloss an.',
  'There is no role "{name}".': 'Die Rolle „{name}“ gibt es nicht.',
  'Several roles are called "{name}"; use the code.':
    'Mehrere Rollen heißen „{name}“; schreiben Sie den Code.',
  'Somebody without an e-mail address has this alias on the site; write the address there first.':
    'Jemand ohne E-Mail-Adresse heißt am Standort schon so; tragen Sie dort zuerst die Adresse ein.',
  'Several people of the site have this alias.': 'Mehrere Personen heißen am Standort so.',
  'Somebody new needs it.': 'Wer neu ist, braucht das.',
  'Line {line} holds characters that were lost on the way; save the file as CSV UTF-8.':
    'In Zeile {line} sind Zeichen verloren gegangen; speichern Sie die Tabelle als „CSV UTF-8“.',
  'It is empty; the first row names the columns.':
    'Sie ist leer; die erste Zeile nennt die Spalten.',
  'It has more than {most} rows; send it in parts.':
    'Sie hat mehr als {most} Zeilen; importieren Sie sie in Teilen.',
  'Several groups have this name; rename one of them.':
    'Mehrere Gruppen heißen so; benennen Sie eine um.',
  'The site has no lock "{name}".': 'Der Standort hat kein Schloss „{name}“.',
  'Several locks are called "{name}"; name it by its id.':
    'Mehrere Schlösser heißen „{name}“; nennen Sie es bei seiner id.',
  'Somebody entered the tag meanwhile; send the file again.':
    'Jemand hat den Transponder inzwischen eingetragen; importieren Sie die Tabelle noch einmal.',
  'The tag is one of another site; move it from there first.':
    'Der Transponder gehört einem anderen Standort; nehmen Sie ihn dort zuerst heraus.',
  'The tag belongs to somebody else.': 'Der Transponder gehört jemand anderem.',
  'Another tag has this chip.': 'Ein anderer Transponder hat diesen Chip.',
  'It cannot be read as CSV.': 'Sie lässt sich nicht als CSV lesen.',
  'Up to line {line}: {fault}.': 'Bis Zeile {line}: {fault}.',
  'It has more than {most} columns.': 'Sie hat mehr als {most} Spalten.',
  'It has the column {name} twice.': 'Sie hat die Spalte {name} zweimal.',
  'The row has {cells} cells, the header {columns}: a cell with the separator in it needs quotes.':
    'Die Zeile hat {cells} Zellen, die Kopfzeile {columns}: eine Zelle mit dem Trennzeichen darin gehört in Anführungszeichen.',
};

export const reasonApiWords = words({ en: asIs(), de: german });

function asIs(): Readonly<Record<keyof typeof german, string>> {
  const texts = Object.keys(german).map((text) => [text, text]);
  return Object.fromEntries(texts) as Record<keyof typeof german, string>;
}
