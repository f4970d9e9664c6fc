/** Every failure on the screen: its code, what it means, what to do, and the way to the error reference. */
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CardeaError, isCardeaError } from '#client/errors';
import { shellWords } from '../words/shell.ts';
import { useLanguage, useWords } from './language.tsx';

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
  const textsOf = useErrorTexts();
  if (error === null || error === undefined) return null;
  const failure = toFailure(error);
  const { heading, meaning, whatToDo, rest } = textsOf(failure);
  return (
    <Alert color="red" variant="light" title={title ?? heading} role="alert" my="sm">
      <Stack gap="xs">
        <Text size="sm">{meaning}</Text>
        {rest === '' ? null : (
          <Text size="sm" lang="en">
            {rest}
          </Text>
        )}
        {whatToDo === '' ? null : <Text size="sm">{say('whatToDo', { text: whatToDo })}</Text>}
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

/**
 * What a failure says in the language of the screen. The API is English; its words in other languages come with the first page on
 * which something may fail, and where they cannot be had, English is better than nothing.
 */
export function useErrorTexts(): (failure: Failure) => Told {
  const say = useWords(shellWords);
  const { language } = useLanguage();
  const { data: texts } = useQuery({
    queryKey: ['error-texts'],
    queryFn: () => import('./error-text.ts'),
    enabled: language !== 'en',
    staleTime: Infinity,
    networkMode: 'always',
  });
  return (failure) => {
    const { name, message, whatToDo } = failure;
    if (name === 'UNREACHABLE')
      return { heading: say('noAnswer'), meaning: say('noAnswerHelp'), whatToDo: '', rest: '' };
    if (name === 'FORBIDDEN')
      return { heading: say('forbidden'), meaning: say('forbiddenHelp'), whatToDo: '', rest: '' };
    const heading = say('failed');
    if (name === 'UNKNOWN')
      return {
        heading,
        meaning: say('strange', { message }),
        whatToDo: say('strangeHelp'),
        rest: '',
      };
    return texts === undefined
      ? { heading, meaning: message, whatToDo, rest: '' }
      : { heading, ...texts.errorText({ name, message }, language) };
  };
}

type Failure = Pick<CardeaError, 'name' | 'message' | 'whatToDo'>;

type Told = {
  readonly heading: string;
  readonly meaning: string;
  /** Empty where the meaning says it. */
  readonly whatToDo: string;
  /** What is there in English only. */
  readonly rest: string;
};
