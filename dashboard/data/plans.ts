/** What calls ask a plan for; the other features of the API open nothing on this server. */
export const paidFeatures = [
  'pods',
  'e_loxx',
  'custom_pin',
  'events_streaming',
  'events_storage',
  'time_and_attendance_report',
] as const;
