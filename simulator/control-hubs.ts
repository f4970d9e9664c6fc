/** What can be done to hubs, their lines and repeaters. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static, type TSchema } from 'typebox';
import type { SimulatedRepeater } from '#iq/drivers/simulated-repeater';
import type { SimulatedBuilding } from './building.ts';
import { readBody } from './control-input.ts';
import { viewHub, viewRepeater } from './control-views.ts';
import type { SimulatedHub } from './hub.ts';

const strict = { additionalProperties: false } as const;
const nothing = Type.Object({}, strict);
const onOff = Type.Object({ on: Type.Boolean() }, strict);

const bodies = {
  plug: Type.Object({ in: Type.Boolean() }, strict),
  link: Type.Object(
    {
      state: Type.Union([Type.Literal('up'), Type.Literal('cut'), Type.Literal('half_open')]),
    },
    strict,
  ),
  disk: Type.Object({ full: Type.Boolean() }, strict),
  dropAfter: Type.Object({ records: Type.Integer({ minimum: 1 }) }, strict),
  button: Type.Object({ held_ms: Type.Integer({ minimum: 0, maximum: 120_000 }) }, strict),
};

/** Behaviour.md 4.9: 10-15 s on the button. */
const factoryResetHeldMs = 12_000;

/** Lays `POST /hubs/{id, mac or name}/{act}` and `POST /repeaters/{id, mac or name}/{act}`. */
export function layHubRoutes(app: FastifyInstance, building: SimulatedBuilding): void {
  function act<Schema extends TSchema>(
    name: string,
    schema: Schema,
    perform: (hub: SimulatedHub, body: Static<Schema>) => Promise<void> | void,
  ): void {
    app.post(`/hubs/:hub/${name}`, async (request: FastifyRequest<{ Params: { hub: string } }>) => {
      const hub = building.hub(request.params.hub);
      await perform(hub, readBody(schema, request.body));
      return { hub: viewHub(hub) };
    });
  }

  function actOnRepeater<Schema extends TSchema>(
    name: string,
    schema: Schema,
    perform: (repeater: SimulatedRepeater, body: Static<Schema>) => Promise<unknown> | void,
  ): void {
    app.post(
      `/repeaters/:repeater/${name}`,
      async (request: FastifyRequest<{ Params: { repeater: string } }>) => {
        const repeater = building.repeater(request.params.repeater);
        await perform(repeater, readBody(schema, request.body));
        return { repeater: viewRepeater(repeater, building.hubs) };
      },
    );
  }

  act('plug', bodies.plug, (hub, body) => (body.in ? hub.plugIn() : hub.pullPlug()));
  act('link', bodies.link, (hub, { state }) => hub.setLink(state));
  act('silent', onOff, (hub, { on }) => (on ? hub.goSilent() : hub.speakAgain()));
  act('drop_after', bodies.dropAfter, (hub, { records }) => hub.dropAfter(records));
  act('disk', bodies.disk, (hub, { full }) => (full ? hub.fillDisk() : hub.freeDisk()));
  act('button', bodies.button, (hub, { held_ms }) => hub.pressButton(held_ms));
  act('fail_update', onOff, (hub, { on }) => hub.firmware.failToStart(on));
  act('factory_reset', nothing, (hub) => hub.pressButton(factoryResetHeldMs));

  actOnRepeater('reset_button', nothing, (repeater) => repeater.pressReset());
  actOnRepeater('fail_update', onOff, (repeater, { on }) =>
    building.firmwareOf(repeater).failToStart(on),
  );
  actOnRepeater('power', onOff, (repeater, { on }) => (on ? repeater.revive() : repeater.die()));
}
