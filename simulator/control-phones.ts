/** Phones of the control API: they make their key pair here, are given what the Core API made for them, and held to locks. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { SimulatedBuilding } from './building.ts';
import { BadInput, readBody } from './control-input.ts';
import { viewLock } from './control-views.ts';
import { NotInBuilding } from './find.ts';
import { Phone } from './phones.ts';

const strict = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 100 });
const base64 = Type.String({ minLength: 1, maxLength: 100_000 });

const bodies = {
  make: Type.Object({ name }, strict),
  keep: Type.Object(
    { certificate: Type.Optional(base64), mkey_data: Type.Optional(base64) },
    strict,
  ),
  show: Type.Object({ phone: name }, strict),
};

/** Lays `POST /phones`, `PUT /phones/{name}` and `POST /locks/{lock}/phone`. */
export function layPhoneRoutes(app: FastifyInstance, building: SimulatedBuilding): void {
  const phones = new Map<string, Phone>();

  function find(wanted: string): Phone {
    const phone = phones.get(wanted);
    if (phone === undefined) throw new NotInBuilding('phone', wanted, [...phones.keys()]);
    return phone;
  }

  app.post('/phones', (request) => {
    const phone = new Phone(readBody(bodies.make, request.body).name);
    phones.set(phone.name, phone);
    return view(phone);
  });

  app.put(
    '/phones/:phone',
    async (request: FastifyRequest<{ Params: { readonly phone: string } }>) => {
      const phone = find(request.params.phone);
      const { certificate, mkey_data } = readBody(bodies.keep, request.body);
      try {
        await phone.keep({
          ...(certificate === undefined ? {} : { certificate }),
          ...(mkey_data === undefined ? {} : { mkeyData: mkey_data }),
        });
      } catch {
        throw new BadInput(['/mkey_data was not sealed to this phone']);
      }
      return view(phone);
    },
  );

  app.post(
    '/locks/:lock/phone',
    async (request: FastifyRequest<{ Params: { readonly lock: string } }>) => {
      const lock = building.lock(request.params.lock);
      const phone = find(readBody(bodies.show, request.body).phone);
      const written = building.listenAt(lock);
      try {
        const { did, decidedBy } = await phone.showTo(lock);
        return {
          did,
          decided_by: decidedBy,
          events: written.events(),
          lock: viewLock(lock, building.hubs),
        };
      } finally {
        written.stop();
      }
    },
  );
}

function view(phone: Phone) {
  return { name: phone.name, public_key: phone.publicKey, keys: phone.keyCount };
}
