/** What can be done at a door. Every answer says what the door did and what its hub wrote down. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static, type TSchema } from 'typebox';
import { batteryStates } from '#contract/lock-conditions';
import type { DoorAnswer, SimulatedLock } from '#iq/drivers/simulated-lock';
import type { SimulatedBuilding } from './building.ts';
import { readBody } from './control-input.ts';
import { viewLock } from './control-views.ts';

const strict = { additionalProperties: false } as const;
const nothing = Type.Object({}, strict);
const onOff = Type.Object({ on: Type.Boolean() }, strict);

const bodies = {
  tag: Type.Object(
    {
      tag_number: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
      rfid_uid: Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f]{8,20}$' })),
      hold_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
    },
    strict,
  ),
  pin: Type.Object({ pin: Type.String({ pattern: '^[0-9]{1,12}$' }) }, strict),
  door: Type.Object({ open: Type.Boolean() }, strict),
  battery: Type.Object(
    { level: Type.Union(batteryStates.map((state) => Type.Literal(state))) },
    strict,
  ),
  signal: Type.Object({ strength: Type.Integer({ minimum: 0, maximum: 31 }) }, strict),
  say: Type.Object({ text: Type.String({ minLength: 1, maxLength: 200 }) }, strict),
};

type Done = DoorAnswer | { readonly light: string } | void;

/** Lays `POST /locks/{id, mac or name}/{act}`. */
export function layLockRoutes(app: FastifyInstance, building: SimulatedBuilding): void {
  function act<Schema extends TSchema>(
    name: string,
    schema: Schema,
    perform: (lock: SimulatedLock, body: Static<Schema>) => Promise<Done> | Done,
  ): void {
    app.post(
      `/locks/:lock/${name}`,
      async (request: FastifyRequest<{ Params: { lock: string } }>) => {
        const lock = building.lock(request.params.lock);
        const body = readBody(schema, request.body);
        const written = building.listenAt(lock);
        try {
          const done = await perform(lock, body);
          return {
            ...(done && 'did' in done ? { did: done.did, decided_by: done.decidedBy } : done),
            events: written.events(),
            lock: viewLock(lock, building.hubs),
          };
        } finally {
          written.stop();
        }
      },
    );
  }

  act('tag', bodies.tag, (lock, { tag_number, rfid_uid, hold_ms }) => {
    const card = building.cards.find((card) => card.tag_number === tag_number);
    const what = {
      type: 'tag',
      tagNumber: tag_number ?? null,
      rfidUid: rfid_uid ?? card?.rfid_uid ?? null,
    } as const;
    return lock.present({ what, heldMs: hold_ms ?? 0 });
  });
  act('pin', bodies.pin, (lock, { pin }) =>
    lock.present({ what: { type: 'pin', code: pin }, heldMs: 0 }),
  );
  act('handle', nothing, (lock) => lock.pressHandle());
  act('door', bodies.door, (lock, { open }) => (open ? lock.openDoor() : lock.closeDoor()));
  act('hold_door_open', nothing, (lock) => lock.holdDoorOpen());
  act('privacy', onOff, (lock, { on }) => lock.turnPrivacy(on));

  act('maintenance_card', nothing, async (lock) => ({ light: await lock.showMaintenanceCard() }));
  act('reset', nothing, (lock) => lock.resetByHand());
  act('programmer', nothing, (lock) => lock.connectProgrammer());

  act('jam', nothing, (lock) => lock.jam());
  act('unjam', nothing, (lock) => lock.unjam());
  act('battery', bodies.battery, (lock, { level }) => lock.drainBattery(level));
  act('signal', bodies.signal, async (lock, { strength }) => void (await lock.setSignal(strength)));
  act('silent', onOff, (lock, { on }) => (on ? lock.goSilent() : lock.speakAgain()));
  act('out_of_range', onOff, (lock, { on }) => (on ? lock.outOfRange() : lock.backInRange()));
  act('lose_clock', nothing, (lock) => lock.loseClock());
  act('tamper', onOff, (lock, { on }) => lock.tamper(on));
  act('fail_update', onOff, (lock, { on }) => building.firmwareOf(lock).failToStart(on));
  act('say', bodies.say, (lock, { text }) => lock.say(text));
}
