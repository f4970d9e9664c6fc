/** Every failure on the screen: its code, what it means, what to do, and the way to the error reference. */
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { toFailure, type Failure } from '../data/failure.ts';
import { shellWords } from '../words/shell.ts';
import { useWords, type Say } from './language.tsx';

type Props = {
  /** Anything thrown; nothing is shown for null and undefined. */
  readonly error: unknown;
  /** Absent = "That did not work". */
  readonly title?: string;
  readonly retry?: () => unknown;
};

export function ErrorNote({ error, title, retry }: Props) {
  const say = useWords(shellWords);
  const failure = error === null || error === undefined ? null : toFailure(error);
  const advice = useAdvice(failure?.name ?? null);
  if (failure === null) return null;
  const { heading, meaning } = toldOf(failure, say);
  return (
    <Alert color="red" variant="light" title={title ?? heading} role="alert" my="sm">
      <Stack gap="xs">
        <Text size="sm">{title === undefined ? meaning : failure.message || meaning}</Text>
        {advice === undefined ? null : <Text size="sm">{say('whatToDo', { text: advice })}</Text>}
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
              {say('code', { code: failure.code })}
              {failure.name === null ? '' : ` ${failure.name}`}
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

/** What the catalogue says to do; the table is loaded when the first failure is shown. */
function useAdvice(name: string | null): string | undefined {
  const { data } = useQuery({
    queryKey: ['error table'],
    queryFn: async () => (await import('#contract/errors')).errorTable,
    enabled: name !== null,
    staleTime: Infinity,
  });
  const rows: Readonly<Record<string, { readonly whatToDo: string } | undefined>> = data ?? {};
  return name === null ? undefined : rows[name]?.whatToDo;
}

function toldOf({ status, message }: Failure, say: Say<keyof (typeof shellWords)['en']>) {
  if (status === 0) return { heading: say('noAnswer'), meaning: say('noAnswerHelp') };
  if (status === 403 && message === '')
    return { heading: say('forbidden'), meaning: say('forbiddenHelp') };
  return { heading: say('failed'), meaning: message || `HTTP ${String(status)}` };
}
