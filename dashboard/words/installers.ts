import { words } from './words.ts';

/** Installers whom a site lets in for a day, from both sides. */
export const installerWords = words({
  en: {
    lead: 'Somebody who mounts or repairs hardware gets in for a day, and sees hubs and locks alone',
    nobody: 'No installer is let in',
    nobodyHelp:
      'Let one in when hardware is mounted or repaired: you get a token to hand on, and choose the hubs. After 24 hours it ends by itself. An installer sees no people and no entries, and opens no door.',
    letIn: 'Let an installer in',
    letInEffect:
      'You get a token that lets one person in for 24 hours. No hub is in reach of the installer until you choose it here.',
    letInAgainEffect:
      'What was given before ends at once, also for an installer who is in. You get a new token for one person and 24 hours, and choose the hubs anew.',
    again: 'Let another one in',
    token: 'Token for the installer',
    tokenHelp:
      'Hand it on now: it is not shown again. The installer signs in at {origin}, goes to "Sites" and enters it there. The first to enter it has it.',
    active: 'An installer may come in',
    until: 'Until {when}. Then it ends by itself.',
    end: 'End it now',
    endEffect: 'The installer is out at once. What was mounted and set stays as it is.',
    ended: 'The installer is out.',
    hubs: 'Hubs the installer may touch',
    hubsHelp: 'With a hub come the locks and repeaters on it.',
    noHubs: 'This site has no hubs yet',
    noHubsHelp: 'A site without hubs has nothing for an installer to touch.',
    hub: 'Hub',
    contact: 'Contact',
    online: 'In contact',
    offline: 'No contact',
    state: 'For the installer',
    open: 'Access',
    shut: 'No access',
    acts: 'Act',
    openHub: 'Give access',
    openHubName: 'Give access to {name}',
    openHubEffect: 'The installer may attach, replace and restore what hangs on {name}.',
    shutHub: 'Take away',
    shutHubName: 'Take away the access to {name}',
    shutHubEffect: 'The installer sees nothing of {name} any more.',
    opened: 'The installer has access to {name}.',
    closed: 'The installer has no access to {name} any more.',
    iAm: 'I am an installer',
    comeIn: 'Come in',
    comeInHelp:
      'Enter the token that the owner of the building has given you. It is good for a day and for you alone.',
    yourToken: 'Token',
    youAre: 'You are here as an installer, until {when}',
    youAreHelp:
      'You see the hubs that you were given access to, and what hangs on them. No code is asked of you there.',
    wait: 'You have access to no hub yet',
    waitHelp: 'Ask whoever let you in for one. It appears here by itself.',
  },
  de: {
    lead: 'Wer Geräte montiert oder repariert, kommt für einen Tag herein und sieht nur Hubs und Schlösser',
    nobody: 'Kein Installateur ist eingelassen',
    nobodyHelp:
      'Lassen Sie einen herein, wenn Geräte montiert oder repariert werden: Sie erhalten einen Zugangscode zum Weitergeben und wählen die Hubs. Nach 24 Stunden endet es von selbst. Ein Installateur sieht keine Personen und keine Zutritte und öffnet keine Tür.',
    letIn: 'Installateur einlassen',
    letInEffect:
      'Sie erhalten einen Zugangscode, der eine Person für 24 Stunden einlässt. Der Installateur erreicht keinen Hub, bis Sie ihn hier wählen.',
    letInAgainEffect:
      'Was zuvor gegeben war, endet sofort, auch für einen Installateur, der da ist. Sie erhalten einen neuen Zugangscode für eine Person und 24 Stunden und wählen die Hubs neu.',
    again: 'Einen anderen einlassen',
    token: 'Zugangscode für den Installateur',
    tokenHelp:
      'Geben Sie ihn jetzt weiter: Er wird nicht noch einmal gezeigt. Der Installateur meldet sich unter {origin} an, geht zu „Standorte“ und gibt ihn dort ein. Er gehört dem, der ihn zuerst eingibt.',
    active: 'Ein Installateur darf herein',
    until: 'Bis {when}. Dann endet es von selbst.',
    end: 'Jetzt beenden',
    endEffect:
      'Der Installateur ist sofort draußen. Was montiert und eingestellt wurde, bleibt, wie es ist.',
    ended: 'Der Installateur ist draußen.',
    hubs: 'Hubs, die der Installateur anfassen darf',
    hubsHelp: 'Mit einem Hub kommen die Schlösser und Repeater daran.',
    noHubs: 'Dieser Standort hat noch keine Hubs',
    noHubsHelp: 'An einem Standort ohne Hubs gibt es für einen Installateur nichts anzufassen.',
    hub: 'Hub',
    contact: 'Verbindung',
    online: 'Verbunden',
    offline: 'Keine Verbindung',
    state: 'Für den Installateur',
    open: 'Zugang',
    shut: 'Kein Zugang',
    acts: 'Handlung',
    openHub: 'Zugang geben',
    openHubName: 'Zugang geben: {name}',
    openHubEffect:
      'Der Installateur darf anhängen, ersetzen und wiederherstellen, was an {name} hängt.',
    shutHub: 'Entziehen',
    shutHubName: 'Entziehen: Zugang zu {name}',
    shutHubEffect: 'Der Installateur sieht nichts mehr von {name}.',
    opened: 'Der Installateur hat Zugang zu {name}.',
    closed: 'Der Installateur hat keinen Zugang zu {name} mehr.',
    iAm: 'Ich bin Installateur',
    comeIn: 'Hereinkommen',
    comeInHelp:
      'Geben Sie den Zugangscode ein, den Sie vom Eigentümer des Gebäudes haben. Er gilt einen Tag und nur für Sie.',
    yourToken: 'Zugangscode',
    youAre: 'Sie sind als Installateur hier, bis {when}',
    youAreHelp:
      'Sie sehen die Hubs, zu denen Sie Zugang haben, und was daran hängt. Dort wird kein Code von Ihnen verlangt.',
    wait: 'Sie haben noch zu keinem Hub Zugang',
    waitHelp: 'Bitten Sie den, der Sie eingelassen hat, um einen. Er erscheint hier von selbst.',
  },
});
