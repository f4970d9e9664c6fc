/** Makes a keypad PIN for a person, and shows it this once. */
import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { api } from '../data/api.ts';
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
  const at = { site_id: useSiteId(), id: person.id };
  const name = personName(person);
  const making = useAct(
    async () => {
      // A PIN that its owner may not type would be no key.
      if (!person.use_pin)
        await api.patch('/v1.2/sites/{site_id}/users/{id}', { path: at, body: { use_pin: true } });
      return api.put('/v1.2/sites/{site_id}/users/{id}/pin', { path: at, body: {} });
    },
    { touches: ['users'] },
  );
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
          <Text ta="center" fz={36} fw={700} ff="monospace" role="status" data-pin>
            {making.data}
          </Text>
          <Alert color="yellow" title={say('pinOnce')}>
            {say('pinOnceHelp', { name })}
          </Alert>
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
