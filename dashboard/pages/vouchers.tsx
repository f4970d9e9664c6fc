import { Button, Checkbox, Code, NativeSelect, NumberInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { paidFeatures } from '../data/plans.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSite } from '../data/site.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useFormats } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { featureApiWords, voucherWords } from '../words/plans.ts';

const path = '/ext/v1/vouchers';
type Voucher = ItemOf<typeof path>;

/** Vouchers of the whole installation, for whoever runs it. */
export function Page() {
  const say = useWords(voucherWords);
  const name = useWords(pageWords);
  const { date } = useFormats();
  const givesOf = useGives();
  const [isIssuing, setIssuing] = useState(false);
  const state = useListState({ searchIn: ['code', 'label'] });
  const vouchers = useRead(path, { query: state.query });
  return (
    <PageFrame
      title={name('vouchers')}
      lead={say('lead')}
      acts={<Button onClick={() => setIssuing(true)}>{say('issue')}</Button>}
    >
      <ListView
        label={name('vouchers')}
        of={vouchers}
        state={state}
        rowId={({ id }) => id}
        columns={[
          { label: say('code'), sort: 'code', cell: ({ code }) => <Code>{code}</Code> },
          { label: say('label'), sort: 'label', cell: ({ label }) => label ?? '–' },
          { label: say('gives'), cell: givesOf },
          { label: say('site'), cell: ({ customer_uid: site }) => site ?? say('anySite') },
          {
            label: say('state'),
            sort: 'activation_date',
            cell: ({ activation_date: at }) =>
              at === null ? (
                <Tag color="teal">{say('free')}</Tag>
              ) : (
                <Tag color="gray">{say('used', { date: date(at) })}</Tag>
              ),
          },
          {
            label: say('acts'),
            cell: (voucher) =>
              voucher.activation_date === null ? <TakeBack voucher={voucher} /> : '–',
          },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isIssuing ? <Issuing onClose={() => setIssuing(false)} /> : null}
    </PageFrame>
  );
}

/** What a voucher sets, in a line. */
function useGives(): (voucher: Voucher) => string {
  const say = useWords(voucherWords);
  return (voucher) => {
    const { features } = voucher;
    const parts = [
      ...(voucher.user_unlimited ? [] : [say('seatCount', { count: voucher.user_amount })]),
      ...(voucher.iq_unlimited ? [] : [say('hubCount', { count: voucher.iq_amount })]),
      ...(voucher.month_span_unlimited ? [] : [say('monthCount', { count: voucher.month_span })]),
      ...(features === null
        ? []
        : [
            say('featureCount', {
              count: paidFeatures.filter((code) => features.includes(code)).length,
              all: paidFeatures.length,
            }),
          ]),
    ];
    return parts.join(' · ') || say('noLimits');
  };
}

function TakeBack({ voucher }: { readonly voucher: Voucher }) {
  const say = useWords(voucherWords);
  const code = voucher.code ?? '';
  const removing = useAct(() => api.delete('/ext/v1/vouchers/{id}', { path: { id: voucher.id } }), {
    touches: ['vouchers'],
    done: say('takenBack', { code }),
  });
  return (
    <ConfirmButton
      size="compact-sm"
      act={say('takeBack')}
      name={say('takeBackCode', { code })}
      effect={say('takeBackEffect', { code })}
      isDestructive
      doing={removing}
    />
  );
}

const orNull = (value: number | string) => (value === '' ? null : Number(value));

function Issuing({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(voucherWords);
  const feature = useApiWords(featureApiWords);
  const site = useSite();
  const tenants = useRead('/ext/v1/tenants', { query: { $top: 200, $orderby: 'name asc' } });
  const choices = tenants.data?.items ?? [];
  const [label, setLabel] = useState('');
  const [seats, setSeats] = useState<number | string>('');
  const [hubs, setHubs] = useState<number | string>('');
  const [months, setMonths] = useState<number | string>('');
  const [hasAll, setHasAll] = useState(true);
  const [features, setFeatures] = useState<readonly string[]>(paidFeatures);
  const [isForSite, setForSite] = useState(false);
  const [tenant, setTenant] = useState('');
  const tenantId = tenant === '' ? choices[0]?.id : tenant;
  const issuing = useAct(
    () =>
      api.post(path, {
        body: {
          label: label.trim() === '' ? null : label.trim(),
          user_amount: orNull(seats),
          iq_amount: orNull(hubs),
          month_span: orNull(months),
          features: hasAll ? null : paidFeatures.filter((code) => features.includes(code)),
          customer_uid: isForSite ? (site?.site_uid ?? null) : null,
          ...(tenantId === undefined ? {} : { tenant_id: tenantId }),
        },
      }),
    { touches: ['vouchers'] },
  );
  const made = issuing.data;
  if (made !== undefined)
    return (
      <ShownOnce
        title={say('issued')}
        help={say('issuedHelp')}
        value={made.code ?? ''}
        onClose={onClose}
      />
    );
  const amounts = [
    [say('seats'), seats, setSeats, 0],
    [say('hubs'), hubs, setHubs, 0],
    [say('months'), months, setMonths, 1],
  ] as const;
  return (
    <FormDialog
      title={say('issue')}
      lead={say('issueLead')}
      act={say('doIssue')}
      onAct={() => issuing.mutate(undefined)}
      onClose={onClose}
      isPending={issuing.isPending}
      error={issuing.error}
    >
      {choices.length > 1 ? (
        <NativeSelect
          label={say('tenant')}
          description={say('tenantHelp')}
          value={tenantId ?? ''}
          onChange={({ currentTarget }) => setTenant(currentTarget.value)}
          data={choices.map(({ id, name }) => ({ value: id, label: name }))}
        />
      ) : null}
      <TextInput
        label={say('label')}
        description={say('labelHelp')}
        maxLength={255}
        data-autofocus
        value={label}
        onChange={({ currentTarget }) => setLabel(currentTarget.value)}
      />
      {amounts.map(([name, value, set, least]) => (
        <NumberInput
          key={name}
          label={name}
          min={least}
          allowDecimal={false}
          hideControls
          value={value}
          onChange={set}
        />
      ))}
      <Checkbox
        label={say('allFeatures')}
        checked={hasAll}
        onChange={({ currentTarget }) => setHasAll(currentTarget.checked)}
      />
      {hasAll ? null : (
        <Checkbox.Group
          label={say('features')}
          value={[...features]}
          onChange={(chosen) => setFeatures(chosen)}
        >
          <Stack gap={6} mt={6}>
            {paidFeatures.map((code) => (
              <Checkbox key={code} value={code} label={feature(code)} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
      {site?.site_uid ? (
        <Checkbox
          label={say('onlyHere', { name: site.customer_reference ?? site.site_uid })}
          checked={isForSite}
          onChange={({ currentTarget }) => setForSite(currentTarget.checked)}
        />
      ) : null}
    </FormDialog>
  );
}
