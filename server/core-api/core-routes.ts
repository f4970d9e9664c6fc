/** Every operation of the Core face, put together. */
import type { Route } from '#server/http/route';
import { accessGroupRoutes } from './access-groups.ts';
import { accessorPinRoutes } from './accessor-pins.ts';
import { accessorRoutes } from './accessors.ts';
import { auditLogRoutes } from './audit-log.ts';
import { collectionOptionRoutes } from './collection-options.ts';
import { collectionSettingRoutes } from './collection-settings.ts';
import { collectionRoutes } from './collections.ts';
import { detachmentRoutes } from './detachments.ts';
import { deviceRoutes } from './devices.ts';
import { easyOfficeModeRoutes } from './easy-office-mode.ts';
import { entryRoutes } from './entries.ts';
import { firmwareUpdateRoutes } from './firmware-updates.ts';
import { exportRoutes } from './exports.ts';
import { floorRoutes } from './floors.ts';
import { incidentRoutes } from './incidents.ts';
import { iqPinRoutes } from './iq-pins.ts';
import { iqReplacementRoutes } from './iq-replacements.ts';
import { iqRoutes } from './iqs.ts';
import { keySettingRoutes } from './key-settings.ts';
import { keyRoutes } from './keys.ts';
import { licensePlateAccessRoutes } from './license-plate-access.ts';
import { licensePlateRoutes } from './license-plates.ts';
import { lockReplacementRoutes } from './lock-replacements.ts';
import { lockingRoutes } from './lockings.ts';
import { lockRoutes } from './locks.ts';
import { migrationRoutes } from './migrations.ts';
import { offlineKeyRoutes } from './offline-keys.ts';
import { repeaterRoutes } from './repeaters.ts';
import { rightsStateRoutes } from './rights-state.ts';
import { tagRegistrationRoutes } from './tag-registrations.ts';
import { tagRoutes } from './tags.ts';
import { tenantCertificateRoutes } from './tenant-certificates.ts';
import { timeScheduleRoutes } from './time-schedules.ts';
import { transferTokenRoutes } from './transfer-tokens.ts';
import { treeRoutes } from './tree.ts';
import { vendorRoutes } from './vendors.ts';

/** What the routes ask for, from each file's own words. */
export type CoreParts = Parameters<typeof collectionRoutes>[0] &
  Parameters<typeof collectionOptionRoutes>[0] &
  Parameters<typeof collectionSettingRoutes>[0] &
  Parameters<typeof firmwareUpdateRoutes>[0] &
  Parameters<typeof floorRoutes>[0] &
  Parameters<typeof iqRoutes>[0] &
  Parameters<typeof iqPinRoutes>[0] &
  Parameters<typeof iqReplacementRoutes>[0] &
  Parameters<typeof treeRoutes>[0] &
  Parameters<typeof repeaterRoutes>[0] &
  Parameters<typeof lockRoutes>[0] &
  Parameters<typeof lockingRoutes>[0] &
  Parameters<typeof detachmentRoutes>[0] &
  Parameters<typeof lockReplacementRoutes>[0] &
  Parameters<typeof tagRegistrationRoutes>[0] &
  Parameters<typeof easyOfficeModeRoutes>[0] &
  Parameters<typeof tagRoutes>[0] &
  Parameters<typeof accessorRoutes>[0] &
  Parameters<typeof keyRoutes>[0] &
  Parameters<typeof keySettingRoutes>[0] &
  Parameters<typeof offlineKeyRoutes>[0] &
  Parameters<typeof accessGroupRoutes>[0] &
  Parameters<typeof timeScheduleRoutes>[0] &
  Parameters<typeof deviceRoutes>[0] &
  Parameters<typeof tenantCertificateRoutes>[0] &
  Parameters<typeof licensePlateRoutes>[0] &
  Parameters<typeof licensePlateAccessRoutes>[0] &
  Parameters<typeof accessorPinRoutes>[0] &
  Parameters<typeof rightsStateRoutes>[0] &
  Parameters<typeof entryRoutes>[0] &
  Parameters<typeof incidentRoutes>[0] &
  Parameters<typeof auditLogRoutes>[0] &
  Parameters<typeof exportRoutes>[0] &
  Parameters<typeof migrationRoutes>[0] &
  Parameters<typeof transferTokenRoutes>[0] &
  Parameters<typeof vendorRoutes>[0];

export function coreRoutes(parts: CoreParts): Route[] {
  return [
    ...collectionRoutes(parts),
    ...collectionOptionRoutes(parts),
    ...collectionSettingRoutes(parts),
    ...firmwareUpdateRoutes(parts),
    ...floorRoutes(parts),
    ...iqRoutes(parts),
    ...iqPinRoutes(parts),
    ...iqReplacementRoutes(parts),
    ...treeRoutes(parts),
    ...repeaterRoutes(parts),
    ...lockRoutes(parts),
    ...lockingRoutes(parts),
    ...detachmentRoutes(parts),
    ...lockReplacementRoutes(parts),
    ...tagRegistrationRoutes(parts),
    ...easyOfficeModeRoutes(parts),
    ...tagRoutes(parts),
    ...accessorRoutes(parts),
    ...keyRoutes(parts),
    ...keySettingRoutes(parts),
    ...offlineKeyRoutes(parts),
    ...accessGroupRoutes(parts),
    ...timeScheduleRoutes(parts),
    ...deviceRoutes(parts),
    ...tenantCertificateRoutes(parts),
    ...licensePlateRoutes(parts),
    ...licensePlateAccessRoutes(parts),
    ...accessorPinRoutes(parts),
    ...rightsStateRoutes(parts),
    ...entryRoutes(parts),
    ...incidentRoutes(parts),
    ...auditLogRoutes(parts),
    ...exportRoutes(parts),
    ...migrationRoutes(parts),
    ...transferTokenRoutes(parts),
    ...vendorRoutes(parts),
  ];
}
