/** What a click can mend of what the configuration check finds; the rest takes somebody who knows what is wanted. */
import type { AnswerOf } from '#client/operations';
import type { checkWords } from '../words/check.ts';
import { api } from './api.ts';
import type { Need } from './site.tsx';

export type Finding = AnswerOf<
  'GET',
  '/ext/v1/sites/{site_id}/configuration_check'
>['findings'][number];
export type Found = Finding['objects'][number];
type CheckWord = keyof (typeof checkWords)['en'];

export type Fix = {
  readonly act: CheckWord;
  /** What it does, with `{name}` of the object. */
  readonly effect: CheckWord;
  readonly need: Need;
  readonly isDestructive: boolean;
  readonly run: () => Promise<unknown>;
};

/** The fix of one object; undefined where there is none. */
export function fixOf(word: Finding['word'], object: Found, siteId: string): Fix | undefined {
  const { object_id: id, detail } = object;
  const at = { site_id: siteId };
  switch (word) {
    case 'group_without_schedule':
      return {
        act: 'always',
        effect: 'alwaysEffect',
        need: 'manage_users',
        isDestructive: false,
        run: () =>
          api.post('/v1.2/sites/{site_id}/access_groups/{access_group_id}/time_schedules', {
            path: { ...at, access_group_id: id },
            body: { start_time: '00:00', end_time: '23:59', ...everyDay },
          }),
      };
    case 'group_without_lock':
    case 'group_without_people':
      return {
        act: 'removeGroup',
        effect: 'removeGroupEffect',
        need: 'manage_users',
        isDestructive: true,
        run: () =>
          api.delete('/v1.2/sites/{site_id}/access_groups/{access_group_id}', {
            path: { ...at, access_group_id: id },
          }),
      };
    case 'schedule_never_opens':
      return {
        act: 'removeSchedule',
        effect: 'removeScheduleEffect',
        need: 'manage_users',
        isDestructive: true,
        run: () =>
          api.delete(
            '/v1.2/sites/{site_id}/access_groups/{access_group_id}/time_schedules/{time_schedule_id}',
            // Of a schedule the check names its group.
            { path: { ...at, access_group_id: detail ?? '', time_schedule_id: id } },
          ),
      };
    case 'tag_unused':
      return {
        act: 'removeTag',
        effect: 'removeTagEffect',
        need: 'manage_hardware',
        isDestructive: true,
        run: () => api.delete('/v1.2/sites/{site_id}/tags/{id}', { path: { ...at, id } }),
      };
    case 'office_hours_never_begin':
      return {
        act: 'removeHours',
        effect: 'removeHoursEffect',
        need: 'manage_hardware',
        isDestructive: true,
        run: () =>
          api.delete('/v1.2/sites/{site_id}/locks/{lock_id}/easy_office_mode_schedule', {
            path: { ...at, lock_id: id },
          }),
      };
    default:
      return undefined;
  }
}

const everyDay = {
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
};
