import { Button, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { AnswerOf, BodyOf } from '#client/operations';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId, type Site } from '../data/site.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { pageWords } from '../words/pages.ts';
import { optionApiWords, settingsWords } from '../words/settings.ts';
import { shellWords } from '../words/shell.ts';

const optionsPath = '/ext/v1/sites/{site_id}/options';
type Options = AnswerOf<'GET', typeof optionsPath>;
type Option = keyof Options;

const groups = {
  doors: [
    'door_left_open_seconds',
    'remote_open_checks_schedule',
    'tree_mixed_root',
    'auto_restore',
  ],
  keys: [
    'custom_pin_enabled',
    'tags_from_other_sites',
    'single_use_otp',
    'otp_future_seconds',
    'offline_schedules',
    'offline_access_for_new_mobile_keys',
    'offline_validity_hours',
    'mkey_validity_hours',
  ],
  retention: ['activity_log_days', 'second_factor_for_admins'],
} as const satisfies Readonly<Record<string, readonly Option[]>>;

/** Name and zone of the site, and its options. */
export function Page() {
  const say = useWords(settingsWords);
  const name = useWords(pageWords);
  const siteId = useSiteId();
  const site = useRead('/v1.2/sites/{id}', { path: { id: siteId } });
  const options = useRead(optionsPath);
  return (
    <PageFrame title={name('settings')} lead={say('lead')}>
      <Loaded of={site}>{(data) => <SiteForm key={data.id} site={data} />}</Loaded>
      <Loaded of={options} lines={8}>
        {(data) => (
          <>
            {(['doors', 'keys', 'retention'] as const).map((group) => (
              <OptionsForm key={group} title={say(group)} names={groups[group]} options={data} />
            ))}
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function SiteForm({ site }: { readonly site: Site }) {
  const say = useWords(settingsWords);
  const shell = useWords(shellWords);
  const queries = useQueryClient();
  const [name, setName] = useState(site.customer_reference ?? '');
  const [zone, setZone] = useState(site.time_zone ?? '');
  const saving = useAct(
    async () => {
      await api.patch('/v1.2/sites/{id}', {
        path: { id: site.id },
        body: { customer_reference: name.trim(), ...(zone === '' ? {} : { time_zone: zone }) },
      });
      // Name and zone of every page come from the list of sites.
      await queries.invalidateQueries({ queryKey: ['sites'] });
    },
    { touches: [], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <Section title={say('site')}>
      <form onSubmit={submit}>
        <Stack gap="sm" maw={480}>
          <TextInput
            required
            label={say('name')}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <TextInput
            label={say('zone')}
            description={say('zoneHelp')}
            value={zone}
            onChange={({ currentTarget }) => setZone(currentTarget.value)}
          />
          <ErrorNote error={saving.error} />
          <Button type="submit" loading={saving.isPending} w="fit-content">
            {shell('save')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

type FormProps = {
  readonly title: string;
  readonly names: readonly Option[];
  readonly options: Options;
};

function OptionsForm({ title, names, options }: FormProps) {
  const say = useWords(settingsWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const [changed, setChanged] = useState<BodyOf<'PATCH', typeof optionsPath>>({});
  const saving = useAct(
    () => api.patch(optionsPath, { path: { site_id: siteId }, body: changed }),
    { touches: ['options'], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate(undefined, { onSuccess: () => setChanged({}) });
  }
  return (
    <Section title={title}>
      <form onSubmit={submit}>
        <Stack gap="sm" maw={560}>
          {names.map((name) => (
            <Field
              key={name}
              name={name}
              value={changed[name] ?? options[name]}
              onChange={(value) => setChanged({ ...changed, [name]: value })}
            />
          ))}
          <ErrorNote error={saving.error} />
          <Button
            type="submit"
            loading={saving.isPending}
            disabled={Object.keys(changed).length === 0}
            w="fit-content"
          >
            {shell('save')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

type FieldProps = {
  readonly name: Option;
  readonly value: boolean | number | null;
  readonly onChange: (value: boolean | number) => void;
};

function Field({ name, value, onChange }: FieldProps) {
  const say = useWords(settingsWords);
  const label = useApiWords(optionApiWords)(name);
  if (typeof value === 'boolean')
    return (
      <Switch
        label={label}
        checked={value}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  const unit = name.endsWith('_days')
    ? say('unit_days')
    : name.endsWith('_hours')
      ? say('unit_hours')
      : say('unit_seconds');
  return (
    <NumberInput
      label={label}
      suffix={` ${unit}`}
      hideControls
      allowDecimal={false}
      allowNegative={false}
      value={value ?? 0}
      {...(name === 'offline_validity_hours' ? { description: say('offlineHelp') } : {})}
      onChange={(next) => onChange(Number(next))}
    />
  );
}
