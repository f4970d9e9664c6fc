/** The control API of a simulated building: HTTP and JSON on 127.0.0.1, for people with curl, tests and demos (docs/simulator.md). */
import Fastify, { type FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { LockHasNoPart } from '#iq/drivers/simulated-traits';
import type { SimulatedBuilding } from './building.ts';
import { layHubRoutes } from './control-hubs.ts';
import { BadInput, readBody } from './control-input.ts';
import { layLockRoutes } from './control-locks.ts';
import { layPhoneRoutes } from './control-phones.ts';
import { viewBuilding } from './control-views.ts';
import { NotInBuilding } from './find.ts';
import { NoLine } from './hub.ts';

/** Makes the API; listening is the caller's. */
export function createControl(building: SimulatedBuilding): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: false },
  });
  // Any content type, none, or an empty body: readBody judges.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof NotInBuilding) {
      return reply.code(404).send({ error: error.message, known: error.known });
    }
    if (error instanceof BadInput) {
      return reply.code(400).send({ error: error.message, faults: error.faults });
    }
    if (error instanceof LockHasNoPart || error instanceof NoLine) {
      return reply.code(400).send({ error: error.message });
    }
    throw error;
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: `there is no ${request.method} ${request.url}`,
      known: [
        'GET /building',
        'POST /locks/{lock}/{act}',
        'POST /hubs/{hub}/{act}',
        'POST /phones',
        'POST /clock',
      ],
    }),
  );

  app.get('/building', () => viewBuilding(building));
  app.post('/clock', async (request) => {
    const { move_ms, set } = readBody(clockBody, request.body);
    if ((move_ms === undefined) === (set === undefined)) {
      throw new BadInput(['give either move_ms or set']);
    }
    if (move_ms !== undefined) await building.clock.move(move_ms);
    if (set !== undefined) await building.clock.set(instantOf(set));
    return { now: building.clock.now().toISOString(), moved_ms: building.clock.movedMs };
  });
  layLockRoutes(app, building);
  layPhoneRoutes(app, building);
  layHubRoutes(app, building);
  return app;
}

const clockBody = Type.Object(
  { move_ms: Type.Optional(Type.Integer()), set: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

function instantOf(text: string): Date {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) throw new BadInput(['/set must be an instant (RFC 3339)']);
  return instant;
}
