import { words } from './words.ts';

export const tourWords = words({
  en: {
    title: 'Five minutes with your doors',
    help: '{count} steps. Each is ticked when it has really happened.',
    finished:
      'That was it: you have seen the hub decide, the cloud hear of it, and the door go on alone.',
    show: 'Show me where',
    again: 'Begin again',
    isDone: 'Done',
    isOpen: 'Not done yet',
    tap: 'You are {anytime}. Hold the tag to {door}.',
    tapDone: '{door} opened for {anytime}: the hub decided, and the cloud heard of it.',
    night: 'Make it night: move the clock of the building to 23:00.',
    nightDone: 'It is night in the building. Hubs know the hours of everybody by their own clock.',
    pin: 'You are {daytime}. Type the PIN {pin} at {door}, outside the hours of {daytime}.',
    pinDone: '{door} stayed shut, and below you can ask why.',
    unplug: 'Pull the plug of {hub}. Then be {anytime} again and hold the tag to {door}.',
    unplugDone: '{door} went on without its hub: the lock knows the tag of {anytime} by itself.',
    replug: 'Plug {hub} in again and wait for what {door} has written down.',
    replugDone: 'The cloud has heard what happened while {hub} was away. Nothing was lost.',
  },
  de: {
    title: 'Fünf Minuten mit Ihren Türen',
    help: '{count} Schritte. Jeder wird abgehakt, wenn er wirklich geschehen ist.',
    finished:
      'Das war es: Sie haben gesehen, wie der Hub entscheidet, die Cloud davon hört und die Tür allein weitermacht.',
    show: 'Zeigen, wo',
    again: 'Von vorn',
    isDone: 'Erledigt',
    isOpen: 'Noch nicht erledigt',
    tap: 'Sie sind {anytime}. Halten Sie den Transponder an {door}.',
    tapDone:
      '{door} hat für {anytime} geöffnet: der Hub hat entschieden, die Cloud hat davon gehört.',
    night: 'Machen Sie Nacht: stellen Sie die Uhr des Gebäudes auf 23:00.',
    nightDone: 'Im Gebäude ist Nacht. Hubs kennen die Zeiten aller Leute nach ihrer eigenen Uhr.',
    pin: 'Sie sind {daytime}. Geben Sie an {door} die PIN {pin} ein, außerhalb der Zeiten von {daytime}.',
    pinDone: '{door} blieb zu, und unten können Sie fragen, warum.',
    unplug:
      'Ziehen Sie den Stecker von {hub}. Seien Sie dann wieder {anytime} und halten Sie den Transponder an {door}.',
    unplugDone:
      '{door} machte ohne Hub weiter: das Schloss kennt den Transponder von {anytime} selbst.',
    replug: 'Stecken Sie {hub} wieder ein und warten Sie auf das, was {door} aufgeschrieben hat.',
    replugDone: 'Die Cloud hat gehört, was ohne {hub} geschah. Nichts ging verloren.',
  },
});
