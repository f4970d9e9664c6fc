import type { ItemOf } from '#client/operations';

export const rulesPath = '/v1.2/sites/{site_id}/entry_message_rule';
export const incidentRulesPath = '/v1.2/sites/{site_id}/incident_message_rule';
export type EntryRule = ItemOf<typeof rulesPath>;
export type IncidentRule = ItemOf<typeof incidentRulesPath>;

export type WayName = 'send_mail' | 'send_sms' | 'send_push';
export type Ways = Pick<EntryRule, WayName>;
