import { Type, type Static } from 'typebox';
import { Instant, orNull, page, Text, Uuid, words } from './fields.ts';
import { hardwareTypes } from './firmware.ts';
import type { Id } from './ids.ts';

export type FirmwareUpdateId = Id<'firmware_update'>;

export const updateStates = ['available', 'running', 'installed', 'failed'] as const;
export type UpdateState = (typeof updateStates)[number];

/** core-api.md 11; `current_version` is the one the hardware runs. */
export const UpdateResponse = Type.Object({
  id: Uuid,
  hardware_type: words(hardwareTypes),
  hardware_id: Uuid,
  component: Text,
  current_version: Text,
  version: Text,
  state: words(updateStates),
  published_at: Instant,
  started_at: orNull(Instant),
  finished_at: orNull(Instant),
  message: orNull(Text),
});
export type UpdateResponse = Static<typeof UpdateResponse>;
export const UpdatePage = page(UpdateResponse);
