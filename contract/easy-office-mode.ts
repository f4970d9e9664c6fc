/** The door that stays open inside a schedule (behaviour.md 7.2), as core-api.md 7.2 shows and takes it. */
import { Type, type Static } from 'typebox';
import {
  Bool,
  LocalEnd,
  LocalStart,
  optional,
  orNull,
  TimeEnd,
  TimeStart,
  Uuid,
  withDefault,
} from './fields.ts';

const days = {
  monday: Bool,
  tuesday: Bool,
  wednesday: Bool,
  thursday: Bool,
  friday: Bool,
  saturday: Bool,
  sunday: Bool,
};

const shown = {
  start_time: TimeStart,
  end_time: TimeEnd,
  start_date: orNull(LocalStart),
  end_date: orNull(LocalEnd),
  eom_auto_start: Bool,
  ...days,
};

export const TimeScheduleSummaryResponse = Type.Object(shown);
export type TimeScheduleSummaryResponse = Static<typeof TimeScheduleSummaryResponse>;

export const TimeScheduleResponse = Type.Object({ id: Uuid, ...shown });
export type TimeScheduleResponse = Static<typeof TimeScheduleResponse>;

const written = {
  start_date: optional(orNull(LocalStart)),
  end_date: optional(orNull(LocalEnd)),
  eom_auto_start: optional(Bool),
  monday: optional(Bool),
  tuesday: optional(Bool),
  wednesday: optional(Bool),
  thursday: optional(Bool),
  friday: optional(Bool),
  saturday: optional(Bool),
  sunday: optional(Bool),
};

export const PutEasyOfficeModeRequest = Type.Object({
  start_time: optional(withDefault(TimeStart, '00:00:00')),
  end_time: optional(withDefault(TimeEnd, '23:59:59')),
  ...written,
});

/** The Connect face wants both hours (connect-api.md 5.2). */
export const PutSiteEasyOfficeModeRequest = Type.Object({
  start_time: TimeStart,
  end_time: TimeEnd,
  ...written,
});
