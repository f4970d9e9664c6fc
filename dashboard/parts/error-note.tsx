/** Every failure on the screen: its code, what it means, what to do, and the way to the error reference. */
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { CardeaError, isCardeaError } from '#client/errors';
import { shellWords } from '../words/shell.ts';
import { useWords, type Say } from './language.tsx';

type Props = {
  /** Anything thrown; nothing is shown for null and undefined. */
  readonly error: unknown;
  /** Absent = "That did not work". */
  readonly title?: string;
  readonly retry?: () => unknown;
};

/** Anything thrown as a failure of the API. */
export function toFailure(thrown: unknown): CardeaError {
  if (isCardeaError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CardeaError({ name: 'UNKNOWN', message });
}

export function ErrorNote({ error, title, retry }: Props) {
  const say = useWords(shellWords);
  if (error === null || error === undefined) return null;
  const failure = toFailure(error);
  const { heading, meaning, whatToDo } = toldOf(failure, say);
  return (
    <Alert color="red" variant="light" title={title ?? heading} role="alert" my="sm">
      <Stack gap="xs">
        <Text size="sm">{meaning}</Text>
        <Text size="sm">{whatToDo}</Text>
        {failure.effect === 'unknown' ? (
          <Text size="sm" fw={600}>
            {say('unknownEffect')}
          </Text>
        ) : null}
        <Group gap="md">
          {failure.code === null ? null : (
            <Anchor
              size="sm"
              href={`/docs/errors#${failure.code}`}
              target="_blank"
              c="inherit"
              underline="always"
            >
              {say('code', { code: failure.code })} {failure.name}
            </Anchor>
          )}
          {failure.requestId === null ? null : (
            <Text size="xs">{say('requestId', { id: failure.requestId })}</Text>
          )}
        </Group>
        {retry === undefined ? null : (
          <Button variant="default" size="xs" w="fit-content" onClick={() => void retry()}>
            {say('tryAgain')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** What the catalogue says of it is English, as the API is; what has no code is said in the language of the screen. */
function toldOf(failure: CardeaError, say: Say<keyof (typeof shellWords)['en']>) {
  if (failure.name === 'UNREACHABLE')
    return { heading: say('noAnswer'), meaning: say('noAnswerHelp'), whatToDo: '' };
  if (failure.name === 'FORBIDDEN')
    return { heading: say('forbidden'), meaning: say('forbiddenHelp'), whatToDo: '' };
  return {
    heading: say('failed'),
    meaning: failure.message,
    whatToDo: say('whatToDo', { text: failure.whatToDo }),
  };
}
