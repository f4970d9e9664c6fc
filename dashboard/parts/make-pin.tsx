/** Makes a keypad PIN for a person, and shows it this once. */
import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { makePin } from '../data/invitation.ts';
import { personName, type Person } from '../data/people.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

type Props = { readonly person: Person; readonly onClose: () => void };

export function MakePin({ person, onClose }: Props) {
  const say = useWords(peopleWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const name = personName(person);
  const making = useAct(() => makePin(siteId, person), { touches: ['users'] });
  const isMade = making.data !== undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={say('makePin')}
      // What is shown once is not lost by a press beside it.
      closeOnClickOutside={!isMade}
      closeOnEscape={!isMade}
      withCloseButton={!isMade}
      closeButtonProps={{ 'aria-label': shell('close') }}
      centered
    >
      {isMade ? (
        <Stack gap="md">
          <ShownPin pin={making.data} name={name} />
          <Group justify="flex-end">
            <Button onClick={onClose}>{say('pinDone')}</Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap="md">
          <Text size="sm">{say('makePinEffect', { name })}</Text>
          <ErrorNote error={making.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {shell('cancel')}
            </Button>
            <Button loading={making.isPending} onClick={() => making.mutate()}>
              {say('makePin')}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** A PIN, large enough to be read out, and that it is not shown again. */
export function ShownPin({ pin, name }: { readonly pin: string; readonly name: string }) {
  const say = useWords(peopleWords);
  return (
    <>
      <Text ta="center" fz={36} fw={700} ff="monospace" role="status" data-pin>
        {pin}
      </Text>
      <Alert color="yellow" title={say('pinOnce')}>
        {say('pinOnceHelp', { name })}
      </Alert>
    </>
  );
}
