/** What each rule of a door means, in a sentence: texts of the API, which screens show too. */
import type { WhyRule } from './why.ts';

export const whyTexts: Readonly<Record<WhyRule, string>> = {
  keypad_locked: 'The keypad ignores PINs for a while, after too many wrong ones.',
  unknown_credential: 'Nobody who is known to this hub holds such a key.',
  foreign_tag: 'The tag belongs to another site, and this site lets in its own tags only.',
  key_expired: 'The key has expired.',
  key_blocked: 'The key is blocked.',
  accessor_blocked: 'The person is blocked.',
  suspended: 'The person is suspended in this site.',
  credential_not_allowed:
    'The person may not use a PIN here, or the lock has no licence plate camera.',
  not_in_group: 'No access group holds both this person and this lock.',
  no_schedule:
    'The access groups that hold both this person and this lock have no time schedule, so they grant nothing.',
  outside_schedule: 'No time schedule of the shared access groups covers this moment.',
  privacy_mode: 'Privacy mode is on, and this person may not override it.',
  lock_offline: 'The lock had no contact with its hub, and this is no offline key of the lock.',
  hub_table_damaged:
    'The hub could not read its table of rights: it refuses everybody until it has been sent anew.',
  offline_validity_over:
    'The hub has been without the server for longer than the site allows, and this is no offline key of the lock.',
  tag_registration: 'The lock is learning tags: it opens for nobody by tag.',
  exit: 'The way out is always free.',
  manual_office_mode:
    'A key held for more than 5 seconds by somebody who may switch manual office mode.',
  easy_office_mode: 'Within the hours of easy office mode, by somebody who may switch it.',
  granted: 'The door opens.',
};
