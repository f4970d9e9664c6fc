/**
 * A hub that runs: disk, doors and link put together. Doors are answered from the first moment, before and without the link (design
 * law 7); what must outlive a kill -9 is on the disk before anybody is told.
 */
import { join } from 'node:path';
import type { IqReport, RepeaterReport } from '#contract/iq-link';
import { createActs } from './acts.ts';
import { attachmentOf, createAttaching } from './attach.ts';
import { openAttachments, type Attached } from './attachments.ts';
import { createSteadyClock, machineUpMs } from './clock.ts';
import { createCommands } from './commands.ts';
import { createConditions } from './conditions.ts';
import { gather, type PartialDelta } from './desired.ts';
import { createDevices, NotAttachedError } from './devices.ts';
import { followClock, newDoor, reportOf, stopDoor, type Door } from './door.ts';
import type { DriverEvent } from './drivers/driver.ts';
import { createEasyOffice } from './easy-office.ts';
import { createKnownFirmware } from './firmware.ts';
import { createHubLights } from './hub-light.ts';
import { usualHardware, type HubFact, type HubOptions, type HubView } from './hub-options.ts';
import { createHubTime } from './hub-time.ts';
import { createLeaf } from './leaf.ts';
import { openLedger } from './ledger-care.ts';
import { Link } from './link.ts';
import { syncLockMemory } from './lock-memory.ts';
import { Outcomes } from './outcomes.ts';
import { factoryReset, finishDisowning, noteRestored, takeClaim, wipe } from './ownership.ts';
import { createPresence, newRepeater, reportOfRepeater, type SeenRepeater } from './presence.ts';
import { createPresentations } from './presentations.ts';
import { createRegistration } from './registration.ts';
import { createReporter } from './report.ts';
import type { SessionState } from './session.ts';
import { openHubState } from './state.ts';
import { TableStore } from './table-store.ts';
import { openUpdateFiles } from './update-files.ts';
import { createUpdates } from './updates.ts';
import { Upload } from './upload.ts';
import type { DownMessage } from './wire.ts';

export type Running = {
  stop(how: 'gently' | 'at_once'): Promise<void>;
  view(): HubView;
};

/** How often the last contact is written down: the offline validity counts in hours. */
const contactNoteMs = 5 * 60_000;
/** How long a hub that is to be wiped waits for its events to be stored. */
const tellWithinMs = 30_000;
/** A button held this long is a factory reset (4.9). */
const resetHoldMs = { least: 10_000, most: 15_000 };

/** Opens the disk, listens to the doors, then dials. */
export async function startRunning(
  options: HubOptions,
  { tell, onRestart }: { readonly tell: (fact: HubFact) => void; readonly onRestart: () => void },
): Promise<Running> {
  const { dataDir, driver, log } = options;
  const state = await openHubState(dataDir);
  const onFailure = (error: unknown): void => {
    log.error('the hub could not finish something', {
      reason: error instanceof Error ? error.message : 'unknown',
    });
  };
  const formerBoot = state.get().boot;
  await state.change({ boot: formerBoot + 1 }).catch((error: unknown) => {
    // A full disk keeps no door shut; a hub that has never written who it is would be another one at the next start.
    if (formerBoot === 0) throw error;
    onFailure(error);
  });
  const clock = createHubTime(options.clock, state.get().clock_offset_ms);
  const now = (): Date => clock.now();
  const steady = createSteadyClock();
  const tables = new TableStore(join(dataDir, 'table'));
  await tables.open();
  const attachments = await openAttachments(dataDir, onFailure);
  const outcomes = new Outcomes({ dataDir, now });
  await outcomes.open();
  const updateFiles = await openUpdateFiles(dataDir);

  // The ledger may have something to say of itself before there is an upload.
  let pump = (): void => undefined;
  const kept = await openLedger({
    dataDir,
    boot: () => state.get().boot,
    mostBytes: options.mostLedgerBytes,
    steady,
    log,
    now,
    timeZone: () => tables.table?.settings?.time_zone ?? 'UTC',
    onRecorded({ event }) {
      pump();
      tell({ kind: 'recorded', event });
    },
    onFailure,
  });
  const { ledger, recorder } = kept;
  const content = { state, tables, attachments, ledger };
  await finishDisowning(content);

  const upload = new Upload({ ledger, steady, send: (frame) => link.send('events', frame) });
  pump = () => upload.pump();

  const doors = new Map<string, Door>();
  const repeaters = new Map<string, SeenRepeater>();
  let iqReport: IqReport | null = null;
  let partial: PartialDelta | null = null;
  /** What the server sends before the hub has come back without content is no restore: it would be cleared half-way. */
  let isResetting = false;
  let tableWork: Promise<unknown> = Promise.resolve();
  let goneSince: Date | null = state.get().last_contact
    ? new Date(state.get().last_contact ?? 0)
    : clock.now();

  const reporter = createReporter({
    steady,
    locks: () =>
      [...doors.values()].map((door) => ({ ...reportOf(door), ...firmware.memberOf(door.mac) })),
    repeaters: repeaterReports,
    iq: () => iqReport,
    updates: () => updates.reports(),
    send: (frame) => link.send('report', frame),
  });
  const lights = createHubLights({
    driver,
    facts: () => ({
      session: link.state.name,
      isUpdating: updates.isUpdating(),
      hasBeenInContact: state.get().last_contact !== null,
      settings: tables.table?.settings ?? null,
    }),
  });
  const onChanged = (): void => {
    lights.show();
    reporter.changed();
  };
  const firmware = createKnownFirmware({ driver, onChanged, onFailure });
  const updates = createUpdates({
    attachments,
    driver,
    files: updateFiles,
    log,
    steady,
    key: options.firmwareKey ?? null,
    model: (options.hardware ?? usualHardware).model,
    iqId: () => state.get().iq_id,
    async inspectHub() {
      iqReport = await driver.inspectHub();
      return iqReport;
    },
    readFirmware: (mac) => firmware.read(mac),
    send: (request) => link.send('image_request', request),
    restart: onRestart,
    onChanged,
    onFailure,
  });
  const leaf = createLeaf({ clock, recorder, tables, onChanged, onFailure });
  const acts = createActs({
    attachments,
    driver,
    recorder,
    tables,
    now,
    onChanged(door) {
      leaf.officeModeChanged(door);
      onChanged();
    },
  });
  const easyOffice = createEasyOffice({
    acts,
    attachments,
    clock,
    recorder,
    tables,
    onChanged,
    onFailure,
  });
  const registration = createRegistration({ clock, driver, onChanged });
  const conditions = createConditions({ attachments, now, recorder, onFailure });
  const presence = createPresence({
    clock,
    conditions,
    doors,
    repeaters,
    recorder,
    onLost(door) {
      registration.end(door);
      onChanged();
    },
    onRepeaterChanged: onChanged,
    onFailure,
  });
  const presentations = createPresentations({
    acts,
    driver,
    easyOffice,
    recorder,
    tables,
    now,
    serverGoneSince: () => goneSince,
  });
  const attaching = createAttaching({
    attachments,
    driver,
    recorder,
    onJoined: takeIn,
    onLeft: letGo,
    isOnline: (id) => doors.get(id)?.isOnline === true,
  });
  const devices = createDevices({
    attaching,
    attachments,
    clock,
    conditions,
    doors,
    driver,
    easyOffice,
    leaf,
    presence,
    presentations,
    recorder,
    repeaters,
    tables,
    onChanged,
    onFailure,
    onHubButton: pressButton,
    onHubChanged: inspect,
  });
  const commands = createCommands({
    acts,
    clock,
    doors,
    driver,
    easyOffice,
    log,
    outcomes,
    recorder,
    hub: {
      refreshSignals,
      restart: () => Promise.resolve(onRestart()),
      wipe: wipeAll,
      update: (command) => updates.take(command),
    },
    registration: (door, seconds) => registration.begin(door, seconds),
    answerParts: () => (iqReport ? { iq: iqReport } : {}),
    machineUpMs: options.machineUpMs ?? machineUpMs,
    serverNow: options.serverNow ?? now,
    send: (outcome) => link.send('outcome', outcome),
  });
  const link = new Link({
    server: options.server,
    ca: options.ca,
    hubId: state.get().hub_id,
    steady,
    log,
    now,
    password(which) {
      const { credential } = state.get();
      return which === 'usual' && credential !== null ? credential : options.code;
    },
    hello: async () => ({
      boot: state.get().boot,
      mac: macOf(options.code),
      ...(options.hardware ?? usualHardware),
      iq_id: state.get().iq_id,
      table_version: tables.version,
      restore_required: state.get().restore_required,
      clock: clock.now().toISOString(),
    }),
    onServerTime: followServerTime,
    onMessage(message) {
      hear(message).catch(onFailure);
    },
    onState: sessionChanged,
  });

  function takeIn(attached: Attached): void {
    if (attached.kind === 'lock') doors.set(attached.id, newDoor(attached, clock.now()));
    else repeaters.set(attached.id, newRepeater(attached.id, clock.now()));
  }

  function letGo(attached: Attached): void {
    const door = doors.get(attached.id);
    if (door) stopDoor(door);
    doors.delete(attached.id);
    repeaters.delete(attached.id);
    reporter.forget(attached.id);
  }

  function repeaterReports(): readonly RepeaterReport[] {
    return [...repeaters.values()].map((repeater) => ({
      ...reportOfRepeater(repeater),
      ...firmware.memberOf(attachments.find(repeater.id)?.mac),
    }));
  }

  /** Everything that follows from the table: who hangs on the hub, office mode, what the locks hold. */
  function followTable(): Promise<void> {
    const next = tableWork.then(async () => {
      if (tables.table?.settings) await attaching.reconcile(tables.table);
      for (const door of doors.values()) {
        easyOffice.look(door);
        syncLockMemory(door, { attachments, driver, tables, onChanged }).catch(onFailure);
      }
      onChanged();
    });
    tableWork = next.catch(() => undefined);
    return next;
  }

  async function inspect(): Promise<void> {
    iqReport = await driver.inspectHub();
    onChanged();
  }

  async function refreshSignals(): Promise<void> {
    const measured = [...doors.values(), ...repeaters.values()].map(async (device) => {
      const mac = attachments.find(device.id)?.mac;
      const outcome = mac === undefined ? null : await driver.measureSignal(mac);
      if (outcome?.result === 'confirmed') {
        device.signal = { strength: outcome.strength, at: clock.now() };
      }
    });
    await Promise.all([inspect(), ...measured]);
    await Promise.all([...doors.values()].map((door) => conditions.look(door)));
    onChanged();
  }

  function followServerTime(time: Date): void {
    noteContact(clock.now());
    lights.show();
    const formerOffsetMs = clock.offsetMs;
    if (options.clockCorrection === 'none' || !clock.correct(time)) return;
    log.warn('the clock was off and has been set', { offset_ms: clock.offsetMs });
    state.change({ clock_offset_ms: clock.offsetMs }).catch(onFailure);
    for (const door of doors.values()) followClock(door, clock.offsetMs - formerOffsetMs);
    if (state.get().credential === null) return;
    recorder.incident('lock_time_set', { lockId: null }).catch(onFailure);
    for (const door of doors.values()) {
      if (door.isOnline) void driver.setTime(door.mac, clock.now());
      easyOffice.look(door);
    }
  }

  function noteContact(now: Date): void {
    const noted = state.get().last_contact;
    if (noted !== null && Math.abs(now.getTime() - Date.parse(noted)) < contactNoteMs) return;
    state.change({ last_contact: now.toISOString() }).catch(onFailure);
  }

  function sessionChanged(session: SessionState): void {
    tell({ kind: 'link', state: session.name });
    lights.show();
    if (session.name === 'ready') {
      isResetting = false;
      goneSince = null;
      log.info('linked to the server', { boot: state.get().boot, table: tables.version });
      return;
    }
    if (session.name === 'unclaimed') log.info('in contact with the server, claimed by nobody');
    if (session.name !== 'down' || goneSince !== null) return;
    goneSince = clock.now();
    upload.end();
    reporter.end();
    partial = null;
  }

  async function hear(message: DownMessage): Promise<void> {
    switch (message.name) {
      case 'welcome':
        if (message.frame.iq_id === null) return;
        await inspect();
        reporter.begin();
        updates.linkReady();
        return upload.begin(message.frame.acknowledged);
      case 'ack':
        return upload.acknowledge(message.frame);
      case 'command':
        return commands.run(message.frame);
      case 'desired':
        return takeDesired(message);
      case 'image':
        return updates.takePart(message.frame);
      case 'claim': {
        const claimed = await takeClaim(message.frame, content);
        log.info('claim', { result: claimed.result });
        await link.send('claimed', claimed);
        if (claimed.result === 'accepted') link.redial();
        return undefined;
      }
      default:
        return undefined;
    }
  }

  async function takeDesired({ frame }: Extract<DownMessage, { name: 'desired' }>): Promise<void> {
    if (isResetting) return;
    const gathered = gather(partial, frame);
    partial = gathered.state === 'waiting' ? gathered.partial : null;
    if (gathered.state === 'waiting') return;
    const applied = await tables.apply(gathered.delta);
    if (applied.refused === null) await noteRestored(content);
    else log.warn('a change of the table was refused', { reason: applied.refused });
    await link.send('applied', applied);
    if (applied.refused !== null) return;
    tell({ kind: 'table', version: applied.version });
    await followTable();
  }

  function releaseAll(): void {
    for (const attached of attachments.all()) {
      void driver.detach(attached.mac);
      letGo(attached);
    }
  }

  /** What happened at its doors is told first: it belongs to whoever owned them then (9). */
  async function wipeAll(): Promise<void> {
    const told = await upload.finish(tellWithinMs);
    // Asked again at the next contact.
    if (told === 'interrupted') return;
    if (told === 'late') log.warn('wiped with events that the server did not take');
    releaseAll();
    await updates.clear();
    await wipe(content);
    log.info('wiped: the activation code can be used again');
    link.redial();
  }

  async function pressButton(heldMs: number): Promise<void> {
    if (heldMs < resetHoldMs.least || heldMs > resetHoldMs.most) return;
    if (state.get().credential === null) return;
    isResetting = true;
    await recorder.record({ kind: 'factory_reset' });
    for (const attached of attachments.all()) letGo(attached);
    await factoryReset(content);
    tell({ kind: 'table', version: tables.version });
    log.info('reset by the button: waiting for a restore');
    link.redial();
  }

  async function raise(event: DriverEvent): Promise<void> {
    try {
      await devices.raise(event);
      if ('mac' in event) firmware.heard(event.mac);
    } catch (error) {
      if (!(error instanceof NotAttachedError)) onFailure(error);
      throw error;
    }
  }

  for (const attached of attachments.all()) takeIn(attached);
  driver.adopt(attachments.all().map((attached) => attachmentOf(attached)));
  await driver.start(raise);
  presence.start();
  await updates.start();
  followTable().catch(onFailure);
  link.start();

  return {
    async stop(how) {
      presence.stop();
      updates.stop();
      easyOffice.stop();
      for (const door of doors.values()) stopDoor(door);
      upload.end();
      reporter.end();
      await link.stop(how);
      await driver.stop();
      // A lock may answer later: nothing is written any more in a folder that belongs to the next start.
      await attachments.close();
      await state.close();
      await tables.close();
      await outcomes.close();
      await kept.close(how);
    },
    view: () => ({
      hubId: state.get().hub_id,
      iqId: state.get().iq_id,
      boot: state.get().boot,
      link: link.state.name,
      tableVersion: tables.version,
      table: tables.table,
      restoreRequired: state.get().restore_required,
      actsWaiting: [...doors.values()].reduce((sum, door) => sum + door.actsWaiting, 0),
      locks: [...doors.values()].map((door) => reportOf(door)),
      repeaters: repeaterReports(),
    }),
  };
}

/** First six hex digits of the activation code, dotted: 03.E4.AD. */
function macOf(code: string): string {
  const digits = code
    .replaceAll(/[.\-: ]/g, '')
    .slice(0, 6)
    .toUpperCase();
  return digits.replaceAll(/(..)(?=.)/g, '$1.');
}
