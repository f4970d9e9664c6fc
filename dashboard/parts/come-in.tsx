/** The installer's side: a token lets somebody into a site for a day. */
import { Alert, Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useRightsState } from '../data/site.tsx';
import { installerWords } from '../words/installers.ts';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { useFormats } from './time.tsx';

/** Beside the sites, as whoever comes in has no place in one yet. */
export function ComeIn() {
  const say = useWords(installerWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [isAsked, setAsked] = useState(false);
  const [token, setToken] = useState('');
  const entering = useMutation({
    mutationFn: () => api.post('/ext/v1/installer_access', { body: { token: token.trim() } }),
    async onSuccess({ id }) {
      await queries.invalidateQueries();
      await navigate({ to: `/sites/${id}` });
    },
  });
  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {say('iAm')}
      </Button>
      {isAsked ? (
        <FormDialog
          title={say('iAm')}
          lead={say('comeInHelp')}
          act={say('comeIn')}
          onAct={() => entering.mutate()}
          onClose={() => setAsked(false)}
          isPending={entering.isPending}
          error={entering.error}
        >
          <TextInput
            required
            withAsterisk={false}
            data-autofocus
            label={say('yourToken')}
            autoComplete="off"
            value={token}
            onChange={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </FormDialog>
      ) : null}
    </>
  );
}

/** Says to an installer what the day holds; nothing to everybody else. */
export function InstallerNote() {
  const say = useWords(installerWords);
  const { dateTime } = useFormats();
  const { data } = useRightsState();
  if (data === undefined || data.takes_part || data.installer_until === null) return null;
  return (
    <Alert variant="light" title={say('youAre', { when: dateTime(data.installer_until) })}>
      {say('youAreHelp')}
    </Alert>
  );
}
