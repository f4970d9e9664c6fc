/** A site of one's own: its maker owns it. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { siteWords } from '../words/sites.ts';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';

/** What the browser knows of where it is: `DE`, or nothing. */
function countryHere(): string {
  return navigator.languages.map((tag) => new Intl.Locale(tag).region).find(Boolean) ?? '';
}

export function MakeSite() {
  const say = useWords(siteWords);
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <Button onClick={() => setAsked(true)}>{say('make')}</Button>
      {isAsked ? <SiteForm onClose={() => setAsked(false)} /> : null}
    </>
  );
}

function SiteForm({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(siteWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [country, setCountry] = useState(countryHere);
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const zones = [...new Set([zone, ...Intl.supportedValuesOf('timeZone'), 'UTC'])].toSorted();
  const making = useMutation({
    mutationFn: () =>
      api.post('/v1.2/sites', {
        body: {
          customer_reference: name.trim(),
          country_code: country.trim().toUpperCase(),
          time_zone: zone,
        },
      }),
    async onSuccess({ id }) {
      await queries.invalidateQueries({ queryKey: ['sites'] });
      await navigate({ to: `/sites/${id}` });
    },
  });
  return (
    <FormDialog
      title={say('make')}
      lead={say('makeHelp')}
      act={say('make')}
      onAct={() => making.mutate()}
      onClose={onClose}
      isPending={making.isPending}
      error={making.error}
    >
      <TextInput
        required
        data-autofocus
        label={say('name')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <TextInput
        required
        label={say('country')}
        description={say('countryHelp')}
        maxLength={2}
        value={country}
        onChange={({ currentTarget }) => setCountry(currentTarget.value)}
      />
      <NativeSelect
        label={say('zone')}
        description={say('zoneHelp')}
        value={zone}
        onChange={({ currentTarget }) => setZone(currentTarget.value)}
        data={zones}
      />
    </FormDialog>
  );
}
