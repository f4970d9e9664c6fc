/** How a lock looks on a plan: a word, a sign and a colour for the one thing that matters most right now. */
import {
  IconAlertTriangleFilled,
  IconBattery1,
  IconDoorEnter,
  IconLock,
  IconLockOpen2,
  IconPlugConnectedX,
  type TablerIcon,
} from '@tabler/icons-react';
import type { PlanState } from '../data/floors.ts';

const signs: Readonly<Record<PlanState, TablerIcon>> = {
  locked: IconLock,
  opened: IconDoorEnter,
  open: IconLockOpen2,
  battery: IconBattery1,
  offline: IconPlugConnectedX,
  trouble: IconAlertTriangleFilled,
};

export function PlanSign({
  state,
  size = 20,
}: {
  readonly state: PlanState;
  readonly size?: number;
}) {
  const Sign = signs[state];
  return <Sign size={size} stroke={2} aria-hidden />;
}

export function PlanMark({ state }: { readonly state: PlanState }) {
  return (
    <span className="plan-mark" data-plan={state}>
      <PlanSign state={state} size={15} />
    </span>
  );
}
