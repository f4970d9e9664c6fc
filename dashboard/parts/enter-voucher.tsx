/** A voucher: its code, what it gives, and putting that in force. */
import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type FormEvent } from 'react';
import type { AnswerOf } from '#client/operations';
import { api } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { planWords } from '../words/plans.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { Facts } from './facts.tsx';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';
import { useFormats } from './time.tsx';

const vouchersPath = '/v1.2/sites/{site_id}/vouchers';
type Voucher = AnswerOf<'GET', typeof vouchersPath>;

export function EnterVoucher() {
  const say = useWords(planWords);
  const siteId = useSiteId();
  const [code, setCode] = useState('');
  const looking = useAct(
    () =>
      api.get(vouchersPath, {
        path: { site_id: siteId },
        query: { voucher_code: code.replaceAll(/[\s-]/g, '') },
      }),
    { touches: [] },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    looking.mutate();
  }
  return (
    <Section title={say('enter')} help={say('enterHelp')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            required
            withAsterisk={false}
            label={say('code')}
            description={say('codeHelp')}
            autoComplete="off"
            value={code}
            onChange={({ currentTarget }) => {
              setCode(currentTarget.value);
              looking.reset();
            }}
          />
          <ErrorNote error={looking.error} />
          <Button type="submit" variant="default" w="fit-content" loading={looking.isPending}>
            {say('look')}
          </Button>
        </Stack>
      </form>
      {looking.data === undefined ? null : (
        <Offer
          voucher={looking.data}
          onDone={() => {
            setCode('');
            looking.reset();
          }}
        />
      )}
    </Section>
  );
}

function Offer({ voucher, onDone }: { readonly voucher: Voucher; readonly onDone: () => void }) {
  const say = useWords(planWords);
  const siteId = useSiteId();
  const { date } = useFormats();
  const [isAsked, ask] = useDisclosure();
  const redeeming = useAct(
    () =>
      api.post(vouchersPath, {
        path: { site_id: siteId },
        body: { voucher_code: voucher.code ?? '' },
      }),
    // A plan touches whatever the site may do.
    { touches: ['subscription', 'v1.2', 'users', 'rights'], done: say('redeemed') },
  );
  const amount = (count: number, isUnlimited: boolean) => (isUnlimited ? say('unlimited') : count);
  return (
    <Stack gap="sm" mt="md" role="status">
      <Text fw={600}>{say('gives')}</Text>
      <Facts
        of={[
          ...(voucher.label === null ? [] : ([[say('voucher'), voucher.label]] as const)),
          [say('seatsGiven'), amount(voucher.user_amount, voucher.user_unlimited)],
          [say('hubsGiven'), amount(voucher.iq_amount, voucher.iq_unlimited)],
          [
            say('time'),
            voucher.month_span_unlimited
              ? say('noEnd')
              : say('months', { count: voucher.month_span }),
          ],
        ]}
      />
      {voucher.activation_date === null ? (
        <Button w="fit-content" onClick={ask.open}>
          {say('redeem')}
        </Button>
      ) : (
        <Text size="sm">{say('used', { date: date(voucher.activation_date) })}</Text>
      )}
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('redeem')}
        effect={say('redeemEffect')}
        act={say('redeem')}
        isPending={redeeming.isPending}
        error={redeeming.error}
        onAct={() => redeeming.mutate(undefined, { onSuccess: onDone })}
      />
    </Stack>
  );
}
