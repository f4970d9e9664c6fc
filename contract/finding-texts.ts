/** What each finding of the configuration check means, and what to do about it: texts of the API, which screens show too. */
import type { FindingSeverity, FindingWord } from './configuration-check.ts';

export type FindingText = {
  readonly severity: FindingSeverity;
  readonly means: string;
  readonly remedy: string;
};

export const findingTexts: Readonly<Record<FindingWord, FindingText>> = {
  group_without_schedule: {
    severity: 'error',
    means: 'The group has people and locks but no time schedule: it lets nobody in.',
    remedy: 'Add a schedule; "always" is seven days from 00:00 to 23:59.',
  },
  group_without_lock: {
    severity: 'notice',
    means: 'The group leads to no lock.',
    remedy: 'Add its locks, or delete the group.',
  },
  group_without_people: {
    severity: 'notice',
    means: 'Nobody is in the group.',
    remedy: 'Add its people, or delete the group.',
  },
  schedule_never_opens: {
    severity: 'error',
    means: 'No weekday is marked, or its dates leave no marked day: the schedule covers no moment.',
    remedy: 'Mark its days or correct its dates; `detail` is its group.',
  },
  schedule_is_over: {
    severity: 'warning',
    means: 'The end date of the schedule is past: it opens no more.',
    remedy: 'Move the end date, or delete the schedule.',
  },
  person_without_key: {
    severity: 'warning',
    means: 'The person is in a group but has no tag, PIN, phone or plate.',
    remedy: 'Give a key, or take the person out of the group.',
  },
  person_without_group: {
    severity: 'notice',
    means: 'The person has a key but is in no group: it opens nothing.',
    remedy: 'Add the person to a group, or take the key back.',
  },
  key_opens_nothing: {
    severity: 'warning',
    means: 'None of the groups of its holder has both an attached lock and a schedule to come.',
    remedy: 'Look at the groups of the holder (`detail`) for missing locks and schedules.',
  },
  key_expired: {
    severity: 'warning',
    means: 'The key has expired (`detail`) and is refused at every door.',
    remedy: 'Move the expiry, or delete the key.',
  },
  key_expires_soon: {
    severity: 'notice',
    means: 'The key expires within 14 days (`detail`).',
    remedy: 'Move the expiry if its holder stays.',
  },
  blocked_person_with_rights: {
    severity: 'notice',
    means:
      'The person is blocked or suspended, yet still in groups: unblocking gives everything back.',
    remedy: 'Take the person out of the groups if the block is for good.',
  },
  pin_not_allowed: {
    severity: 'warning',
    means: 'The person has a PIN, but the setting of this site does not let them use one.',
    remedy: 'Turn `use_pin` on, or delete the PIN.',
  },
  pin_without_keypad: {
    severity: 'notice',
    means: 'None of the locks the person may open has a keypad.',
    remedy: 'Give a tag, or delete the PIN.',
  },
  plate_without_camera: {
    severity: 'notice',
    means: 'None of the locks the person may open is marked as having a camera.',
    remedy: 'Mark the lock, or delete the plate.',
  },
  phone_certificate_ends: {
    severity: 'warning',
    means: 'The certificate of the phone ends within 30 days, or has ended (`detail`).',
    remedy: 'Open the app on the phone, which renews it.',
  },
  tag_held_by_several: {
    severity: 'error',
    means: 'Several people hold the same tag: entries cannot tell who came.',
    remedy: 'Leave the tag with one of them (`detail`) and give the others their own.',
  },
  tag_unused: {
    severity: 'notice',
    means: 'The tag was registered over 30 days ago and nobody has it.',
    remedy: 'Assign it, or delete it if it is lost.',
  },
  tag_of_other_site: {
    severity: 'error',
    means: 'The tag belongs to another site, and this site lets in its own tags only.',
    remedy: 'Turn `tags_from_other_sites` on, or give a tag of this site.',
  },
  master_key_dead: {
    severity: 'error',
    means:
      'The master key opens nothing: nobody holds the tag, or it or its holder is blocked or expired.',
    remedy: 'Give the tag to somebody, or choose another master key, before it is needed.',
  },
  lock_without_group: {
    severity: 'warning',
    means: 'The lock is in no group: no key but the master key opens it.',
    remedy: 'Add the lock to a group.',
  },
  lock_nobody_can_open: {
    severity: 'error',
    means: 'No group of the lock has a schedule to come and somebody with a key that works.',
    remedy: 'Look at the groups of the lock for missing people and schedules.',
  },
  lock_without_iq: {
    severity: 'error',
    means: 'The lock is in a group but hangs on no IQ: its rights go nowhere.',
    remedy: 'Attach the lock, or take it out of its groups.',
  },
  lock_out_of_reach: {
    severity: 'warning',
    means: 'The IQ is online but does not hear the lock: only its offline keys open it.',
    remedy: 'Look at battery and distance.',
  },
  battery_low: {
    severity: 'warning',
    means: 'The battery of the lock is low or critical (`detail`).',
    remedy: 'Change the batteries.',
  },
  radio_weak: {
    severity: 'warning',
    means: 'The lock is heard badly (`detail` of 31): openings from afar and new rights may fail.',
    remedy: 'Move its hub or repeater nearer, or hang it on one that is.',
  },
  office_hours_never_begin: {
    severity: 'notice',
    means: 'The easy office mode schedule of the lock covers no moment to come.',
    remedy: 'Correct or delete it.',
  },
  offline_keys_near_limit: {
    severity: 'warning',
    means: 'The lock has little or no room left for offline keys (`detail`).',
    remedy: 'Take offline keys away that are not needed.',
  },
  offline_keys_refused: {
    severity: 'error',
    means: 'The lock has refused its offline keys: with the IQ gone it opens as it did before.',
    remedy: 'Fewer offline keys, or look at the lock.',
  },
  offline_validity_near: {
    severity: 'error',
    means:
      'The IQ has been without the server so long that its doors soon open, or open already, for offline keys only (`detail` = when).',
    remedy:
      'Bring the IQ back online, or raise `offline_validity_hours`, which it learns when it is back.',
  },
  iq_offline_long: {
    severity: 'error',
    means:
      'The IQ has been offline for over 24 hours (`detail` = last contact): its doors decide by what they knew then.',
    remedy: 'Look at its power and network.',
  },
  iq_unsubscribed_with_rights: {
    severity: 'warning',
    means:
      'The IQ is not subscribed: doors cannot be opened remotely, and if it never was they know no rights.',
    remedy: 'Subscribe the IQ.',
  },
  rights_not_in_hub: {
    severity: 'warning',
    means: 'The IQ has not confirmed a change for over 5 minutes (`detail` = since when).',
    remedy: 'See rights_state for whom it concerns; bring the IQ online.',
  },
  rights_refused_by_hub: {
    severity: 'error',
    means:
      'The IQ refuses its rights: its doors go on with the former ones (`detail` = its reason).',
    remedy: 'Update or restore the IQ.',
  },
  iq_without_new_certificate: {
    severity: 'warning',
    means:
      'The IQ has not got the newest certificate of the tenant: phones activated since do not open its doors.',
    remedy: 'Bring the IQ online; it is sent at the next contact.',
  },
};
