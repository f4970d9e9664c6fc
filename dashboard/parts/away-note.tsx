import { Alert } from '@mantine/core';
import { useLive } from '../data/live.tsx';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

/** Said above every page of a site while the news do not arrive. */
export function AwayNote() {
  const say = useWords(shellWords);
  return useLive().state === 'away' ? (
    <Alert color="yellow" title={say('away')} role="status" mb="md">
      {say('awayHelp')}
    </Alert>
  ) : null;
}
