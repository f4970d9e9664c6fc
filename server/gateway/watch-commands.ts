/** What became of commands and how long it took, for metrics and traces: by their kind, never by lock or person. */
import type { Metrics } from '#server/runtime/metrics';
import type { Tracing } from '#server/runtime/tracing';
import type { CommandQueue, CommandRequest, CommandResult, QueuedCommand } from './commands.ts';

type Observers = { readonly metrics: Metrics; readonly tracing: Tracing | null };
type Asked = Pick<CommandRequest, 'iqId' | 'body'>;

/** The queue, its commands counted and timed as `cardea_commands_total` and `cardea_command_seconds`. */
export function watchCommands(queue: CommandQueue, { metrics, tracing }: Observers): CommandQueue {
  const ends = metrics.counter('cardea_commands_total', 'Commands to hubs by kind and outcome.');
  const seconds = metrics.histogram(
    'cardea_command_seconds',
    'Time from sending a command to its outcome.',
  );

  function traced(
    { iqId, body }: Asked,
    act: () => Promise<CommandResult>,
  ): Promise<CommandResult> {
    if (tracing === null) return act();
    const attributes = { 'cardea.command.kind': body.kind, 'cardea.iq_id': iqId };
    return tracing.within(
      { name: `command ${body.kind}`, kind: 'producer', attributes },
      async (span) => {
        const result = await act();
        span.note({ 'cardea.command.id': result.id, 'cardea.command.state': result.state });
        if (result.state !== 'confirmed')
          span.fail(result.state === 'refused' ? result.word : result.state);
        return result;
      },
    );
  }

  async function followed(asked: Asked, act: () => Promise<CommandResult>): Promise<CommandResult> {
    const from = performance.now();
    const result = await traced(asked, act);
    const { kind } = asked.body;
    ends.add({ kind, state: result.state });
    seconds.observe((performance.now() - from) / 1000, { kind });
    return result;
  }

  function watched(asked: Asked, command: QueuedCommand): QueuedCommand {
    return {
      id: command.id,
      start: (watch) => followed(asked, () => command.start(watch)),
    };
  }

  return {
    ...queue,
    run: (request) => followed(request, () => queue.run(request)),
    enqueue: async (scope, request) => watched(request, await queue.enqueue(scope, request)),
    enqueueAlone: async (request, alongside) =>
      watched(request, await queue.enqueueAlone(request, alongside)),
  };
}
