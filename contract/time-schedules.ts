import { Type, type Static } from 'typebox';
import {
  Bool,
  LocalEnd,
  LocalStart,
  optional,
  orNull,
  page,
  TimeEnd,
  TimeStart,
  Uuid,
  withDefault,
} from './fields.ts';

/** core-api.md 7.4: a schedule of an access group. */
export const AccessGroupTimeScheduleResponse = Type.Object({
  id: Uuid,
  start_time: TimeStart,
  end_time: TimeEnd,
  start_date: orNull(LocalStart),
  end_date: orNull(LocalEnd),
  monday: Bool,
  tuesday: Bool,
  wednesday: Bool,
  thursday: Bool,
  friday: Bool,
  saturday: Bool,
  sunday: Bool,
});
export type AccessGroupTimeScheduleResponse = Static<typeof AccessGroupTimeScheduleResponse>;
export const AccessGroupTimeSchedulePage = page(AccessGroupTimeScheduleResponse);

/** What every schedule of a week may be written with beside its hours. */
export const writtenDays = {
  start_date: optional(orNull(LocalStart)),
  end_date: optional(orNull(LocalEnd)),
  monday: optional(Bool),
  tuesday: optional(Bool),
  wednesday: optional(Bool),
  thursday: optional(Bool),
  friday: optional(Bool),
  saturday: optional(Bool),
  sunday: optional(Bool),
};

export const PostTimeScheduleRequest = Type.Object({
  start_time: optional(withDefault(TimeStart, '00:00:00')),
  end_time: optional(withDefault(TimeEnd, '23:59:59')),
  ...writtenDays,
});

export const PatchTimeScheduleRequest = Type.Object({
  start_time: optional(TimeStart),
  end_time: optional(TimeEnd),
  ...writtenDays,
});
