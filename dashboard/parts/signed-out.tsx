/** What is shown to nobody in particular. */
import { Button, Center, Loader, Stack, Text, Title } from '@mantine/core';
import { signIn } from '../data/session.ts';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

export function Starting() {
  const say = useWords(shellWords);
  return (
    <Center h="100vh" role="status" aria-label={say('loading')}>
      <Loader />
    </Center>
  );
}

export function SignedOut({ why }: { readonly why: 'wished' | 'ended' | 'failed' }) {
  const say = useWords(shellWords);
  return (
    <Center h="100vh" component="main" p="md">
      <Stack align="center" ta="center">
        <Title order={1} size="h2">
          {say('signedOut')}
        </Title>
        {why === 'ended' ? <Text>{say('signedOutEnded')}</Text> : null}
        {why === 'failed' ? <Text>{say('signedOutFailed')}</Text> : null}
        <Button onClick={() => void signIn()}>{say('signIn')}</Button>
      </Stack>
    </Center>
  );
}
