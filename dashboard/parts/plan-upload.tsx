/** Sending the picture of a floor, with how far it is, and removing it. */
import { Button, FileButton, Progress, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { sendPlanPicture } from '../data/plan-picture.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { floorWords } from '../words/floors.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

const kinds = 'image/png,image/jpeg,image/webp';

export function PlanUpload({
  floorId,
  isFirst,
  onDone,
}: {
  readonly floorId: string;
  readonly isFirst: boolean;
  readonly onDone: () => void;
}) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const [part, setPart] = useState(0);
  const sending = useAct(
    async (file: File) => {
      await sendPlanPicture({ siteId, floorId, file, onProgress: setPart });
      // Here, since the first picture takes the place of this button before the act is over.
      onDone();
    },
    { touches: ['floors'], done: say('uploaded') },
  );
  return (
    <Stack gap="xs" align={isFirst ? 'center' : 'flex-start'}>
      <FileButton
        accept={kinds}
        onChange={(file) => {
          if (file === null) return;
          setPart(0);
          sending.mutate(file);
        }}
      >
        {(props) => (
          <Button
            {...props}
            size={isFirst ? 'sm' : 'xs'}
            variant={isFirst ? 'filled' : 'default'}
            loading={sending.isPending}
          >
            {say(isFirst ? 'upload' : 'replace')}
          </Button>
        )}
      </FileButton>
      {sending.isPending ? (
        <div role="status" style={{ width: 220 }}>
          <Text size="xs">{say('uploading')}</Text>
          <Progress value={part * 100} aria-label={say('uploading')} />
        </div>
      ) : null}
      <ErrorNote error={sending.error} />
    </Stack>
  );
}

export function RemovePlan({ floorId }: { readonly floorId: string }) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const [isAsked, ask] = useDisclosure();
  const removing = useAct(
    () =>
      api.delete('/ext/v1/sites/{site_id}/floors/{id}/plan', {
        path: { site_id: siteId, id: floorId },
      }),
    { touches: ['floors'], done: say('planRemoved') },
  );
  return (
    <>
      <Button
        variant="default"
        size="xs"
        onClick={() => {
          removing.reset();
          ask.open();
        }}
      >
        {say('removePlan')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('removePlan')}
        effect={say('removePlanEffect')}
        act={say('removePlan')}
        isPending={removing.isPending}
        error={removing.error}
        isDestructive
        onAct={() => removing.mutate(undefined, { onSuccess: ask.close })}
      />
    </>
  );
}
