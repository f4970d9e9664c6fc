/** What a subscription may hold (connect-api.md 2.4). */
export const features = [
  'pods',
  'events_streaming',
  'smart_tag_assignment',
  'time_and_attendance_report',
  'nfc',
  'events_storage',
  'e_loxx',
  'xs_com',
  'activity_log',
  'custom_pin',
  'apple_wallet_key',
  'google_wallet_key',
] as const;
export type Feature = (typeof features)[number];
