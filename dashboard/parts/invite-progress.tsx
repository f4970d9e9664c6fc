/** What of an invitation is done, what failed and how to go on, and the PIN, which is shown this once. */
import { Button, Group, List, Loader, Modal, Stack, Text } from '@mantine/core';
import { IconCheck, IconCircle, IconMinus, IconX } from '@tabler/icons-react';
import { NoTagHeld, type Line, type Made, type Step, type Wish } from '../data/invitation.ts';
import { personName } from '../data/people.ts';
import { useSite } from '../data/site.tsx';
import { instantAt } from '../data/wall-clock.ts';
import { inviteWords } from '../words/invite.ts';
import { peopleWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { ShownPin } from './make-pin.tsx';
import { SiteLink } from './site-link.tsx';
import { useFormats } from './time.tsx';

export type Progress = {
  /** Steps that were taken or left out. */
  readonly done: number;
  /** Lines that were left out, by the step they begin with. */
  readonly skipped: readonly number[];
  readonly made?: Made;
};

type Props = {
  readonly wish: Wish;
  readonly steps: readonly Step[];
  readonly progress: Progress & { readonly made: Made };
  readonly isPending: boolean;
  readonly error: unknown;
  /** Waits for a tag no longer. */
  readonly onStop: () => void;
  readonly onGoOn: (from: Progress) => void;
  readonly onEnd: () => void;
};

type State = 'isDone' | 'isDoing' | 'isFailed' | 'isLeftOut' | 'isWaiting';
/** A line with the steps that belong to it: from the first on, up to but not including `to`. */
type Span = { readonly line: Line; readonly from: number; readonly to: number };

export function InviteProgress(props: Props) {
  const { wish, steps, progress, isPending, error, onStop, onGoOn, onEnd } = props;
  const say = useWords(inviteWords);
  const people = useWords(peopleWords);
  const shell = useWords(shellWords);
  const lineText = useLineText(wish, progress.made);
  const { made, done, skipped } = progress;
  const name = personName(made.person);
  const spans = spansOf(steps);
  const current = spans.find(({ to }) => done < to);
  const stateOf = ({ from, to }: Span): State => {
    if (skipped.includes(from)) return 'isLeftOut';
    if (done >= to) return 'isDone';
    if (done < from) return 'isWaiting';
    return isPending ? 'isDoing' : 'isFailed';
  };
  const leaveOut = ({ from, to }: Span) =>
    onGoOn({ ...progress, done: to, skipped: [...skipped, from] });
  const isTaken = (kinds: readonly Line['kind'][]) =>
    spans.some((span) => kinds.includes(span.line.kind) && stateOf(span) === 'isDone');
  return (
    <Modal
      opened
      onClose={onEnd}
      title={name}
      // What is shown once is not lost by a press beside it.
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        <List spacing="xs" size="sm" center aria-live="polite" listStyleType="none">
          <Item state="isDone">{lineText('person')}</Item>
          {spans.map((span) => (
            <Item key={span.from} state={stateOf(span)}>
              {lineText(span.line)}
            </Item>
          ))}
        </List>
        {current === undefined ? (
          <>
            {made.person.subscription_state === 'suspended' ? (
              <Text size="sm">{say('noSeat', { name })}</Text>
            ) : null}
            {isTaken(['group', 'doors']) ? null : <Text size="sm">{people('groupsNone')}</Text>}
            {isTaken(['key']) ? null : <Text size="sm">{people('opensNoKey')}</Text>}
            {made.pin === undefined ? null : <ShownPin pin={made.pin} name={name} />}
            <Group justify="flex-end">
              <Button data-autofocus onClick={onEnd}>
                {made.pin === undefined ? say('toPerson', { name }) : people('pinDone')}
              </Button>
            </Group>
          </>
        ) : null}
        {current !== undefined && isPending && isLearning(wish, current, made) ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onStop}>
              {say('stopWaiting')}
            </Button>
          </Group>
        ) : null}
        {current !== undefined && !isPending ? (
          <>
            {error instanceof NoTagHeld ? (
              <Text size="sm" role="alert">
                {say('noTagHeld')}
              </Text>
            ) : (
              <ErrorNote error={error} />
            )}
            <Text size="sm">
              {say('failedHelp', { name })}{' '}
              {current.line.kind === 'doors' && made.ownGroup !== undefined ? (
                <SiteLink to={`groups/${made.ownGroup.id}`}>
                  {say('groupIsThere', { group: made.ownGroup.name })}
                </SiteLink>
              ) : null}
            </Text>
            <Group justify="flex-end">
              <Button variant="default" onClick={() => leaveOut(current)}>
                {say('leaveOut')}
              </Button>
              <Button onClick={() => onGoOn(progress)}>{shell('tryAgain')}</Button>
            </Group>
          </>
        ) : null}
      </Stack>
    </Modal>
  );
}

function isLearning({ key }: Wish, { line }: Span, { tag }: Made): boolean {
  return key.kind === 'new_tag' && line.kind === 'key' && tag === undefined;
}

function spansOf(steps: readonly Step[]): readonly Span[] {
  const nameOf = ({ line }: Step) => (line.kind === 'group' ? line.group.id : line.kind);
  return steps.flatMap((step, from) => {
    const before = steps[from - 1];
    if (before !== undefined && nameOf(before) === nameOf(step)) return [];
    const length = steps.slice(from).filter((other) => nameOf(other) === nameOf(step)).length;
    return [{ line: step.line, from, to: from + length }];
  });
}

/** What a line is about, in a sentence. */
function useLineText(wish: Wish, { person, tag, ownGroup }: Made) {
  const say = useWords(inviteWords);
  const { dateTime } = useFormats();
  const zone = useSite()?.time_zone ?? null;
  const name = personName(person);
  const { email, has_profile: hasProfile } = person.user;
  const keyText = (): string => {
    const { key } = wish;
    if (key.kind === 'pin') return say('keyPin');
    if (key.kind === 'phone')
      return say(hasProfile ? 'keyPhoneKnown' : 'keyPhone', { email: key.email });
    if (key.kind === 'new_tag' && tag === undefined)
      return say('keyNewTag', { lock: key.lock.name });
    return say('keyTag', { tag: tag?.name ?? (key.kind === 'tag' ? key.tag.name : '') });
  };
  return (line: Line | 'person'): string => {
    if (line === 'person') {
      if (person.expires_at !== null)
        return say('isGuestUntil', { name, until: dateTime(person.expires_at) });
      if (wish.who.kind === 'guest') return say('isGuest', { name });
      return email === null || hasProfile
        ? say('isHere', { name })
        : say('isInvited', { name, email });
    }
    if (line.kind === 'group') return say('groupLine', { group: line.group.name });
    if (line.kind === 'key') return keyText();
    const doors = wish.doors.map((door) => door.name).join(', ');
    const text =
      wish.from === ''
        ? say('doorsLine', { doors })
        : say('doorsFrom', { doors, from: dateTime(instantAt(wish.from, zone)) });
    return ownGroup === undefined
      ? text
      : `${text} (${say('doorsOfGroup', { group: ownGroup.name })})`;
  };
}

const pictures = {
  isDone: IconCheck,
  isFailed: IconX,
  isLeftOut: IconMinus,
  isWaiting: IconCircle,
} as const;

function Item({ state, children }: { readonly state: State; readonly children: string }) {
  const say = useWords(inviteWords);
  const label = say(state);
  if (state === 'isDoing')
    return (
      <List.Item icon={<Loader size={18} role="img" aria-label={label} />}>{children}</List.Item>
    );
  const Picture = pictures[state];
  return (
    <List.Item icon={<Picture size={18} stroke={1.8} role="img" aria-label={label} />}>
      {children}
    </List.Item>
  );
}
