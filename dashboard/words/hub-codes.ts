import { words } from './words.ts';

/** Own one-time codes at a hub. */
export const hubCodeWords = words({
  en: {
    pin: 'Your PIN',
    pinHelp: 'Four digits. This hub wants them, so that nobody opens or changes it without you.',
    none: 'This hub opens from afar only for who has a PIN of four digits. You have none yet.',
    send: 'Send me a PIN by e-mail',
    sent: 'The PIN is on its way to you.',
    kept: 'Without a mail server it lies here:',
    messages: 'Messages sent',
    have: 'I have one',
    sentPin: 'The PIN you were sent',
    sentPinHelp: 'Keep it in mind: this browser asks for it each time.',
    use: 'Use this PIN',
    ready: 'Your PIN works at this hub.',
    code: 'One-time code',
    codeHelp:
      'Your PIN was set up in an app or in another browser. Write a code of there, or reset your PIN on the page of the hub.',
    take: 'Use the PIN in this browser from now on',
    title: 'Your PIN for this hub',
    help: 'With it you open doors from afar and change this hub.',
    readyHere: 'It is set up in this browser.',
    readyElsewhere: 'It is set up in an app or in another browser.',
    secret: 'For an app of your own',
    lost: 'I have forgotten my PIN',
    lostEffect:
      'Prove who you are at the sign-in page, with your password and your second factor; who has none yet sets it up on the way. You come back here, and reset your PIN without it.',
    prove: 'To the sign-in page',
    provenEffect:
      'You have proven who you are. Your PIN stops working at this hub; have a new one sent afterwards. The PINs of others stay as they are.',
    reset: 'Reset your PIN',
    resetEffect:
      'Your PIN stops working at this hub; have a new one sent afterwards. Whoever has forgotten it asks an admin of the site.',
    wasReset: 'Your PIN is reset.',
  },
  de: {
    pin: 'Ihre PIN',
    pinHelp:
      'Vier Ziffern. Dieser Hub verlangt sie, damit ihn niemand ohne Sie öffnet oder ändert.',
    none: 'Dieser Hub öffnet aus der Ferne nur, wer eine vierstellige PIN hat. Sie haben noch keine.',
    send: 'PIN per E-Mail senden',
    sent: 'Die PIN ist unterwegs zu Ihnen.',
    kept: 'Ohne Mailserver liegt sie hier:',
    messages: 'Gesendete Nachrichten',
    have: 'Ich habe eine',
    sentPin: 'Die PIN, die Sie bekommen haben',
    sentPinHelp: 'Merken Sie sich die PIN: dieser Browser fragt jedes Mal danach.',
    use: 'Diese PIN verwenden',
    ready: 'Ihre PIN gilt an diesem Hub.',
    code: 'Einmalcode',
    codeHelp:
      'Ihre PIN ist in einer App oder einem anderen Browser eingerichtet. Geben Sie einen Code von dort ein, oder setzen Sie die PIN auf der Seite des Hubs zurück.',
    take: 'Die PIN ab jetzt in diesem Browser verwenden',
    title: 'Ihre PIN für diesen Hub',
    help: 'Mit ihr öffnen Sie Türen aus der Ferne und ändern diesen Hub.',
    readyHere: 'Sie ist in diesem Browser eingerichtet.',
    readyElsewhere: 'Sie ist in einer App oder einem anderen Browser eingerichtet.',
    secret: 'Für eine eigene App',
    lost: 'Ich habe meine PIN vergessen',
    lostEffect:
      'Weisen Sie sich auf der Anmeldeseite mit Passwort und zweitem Faktor aus; wer noch keinen hat, richtet ihn unterwegs ein. Sie kommen hierher zurück und setzen Ihre PIN ohne sie zurück.',
    prove: 'Zur Anmeldeseite',
    provenEffect:
      'Sie haben sich ausgewiesen. Ihre PIN gilt an diesem Hub nicht mehr; lassen Sie sich danach eine neue senden. Die PINs anderer bleiben, wie sie sind.',
    reset: 'PIN zurücksetzen',
    resetEffect:
      'Ihre PIN gilt an diesem Hub nicht mehr; lassen Sie sich danach eine neue senden. Wer sie vergessen hat, fragt einen Administrator des Standorts.',
    wasReset: 'Ihre PIN ist zurückgesetzt.',
  },
});
