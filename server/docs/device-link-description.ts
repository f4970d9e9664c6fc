import {
  downFrames,
  frames,
  heartbeatMs,
  maxFrameBytes,
  offlineAfterMs,
  protocolVersion,
  upFrames,
  type DownFrame,
  type UpFrame,
} from '#contract/iq-link';

const summaries: Readonly<Record<UpFrame | DownFrame, string>> = {
  hello: 'The first frame of a connection: version, identity and what the hub holds.',
  claimed: 'The answer to a claim.',
  heartbeat: 'A sign of life, each 5 s.',
  report:
    'The last known state of the hub, its locks and repeaters, in whole or those that changed.',
  events: 'Events of the ledger, in order.',
  outcome: 'What became of a command.',
  applied: 'Which version of the desired state is on the disk of the hub.',
  welcome: 'The hub is known; everything else may be said.',
  refused: 'The hub is not heard, and why; the connection ends.',
  claim: 'The hub belongs to an IQ; holds the password of every later connection.',
  beat: 'The answer to a heartbeat, with the time.',
  ack: 'Every event up to here is stored; the hub may forget it.',
  command: 'An act to be done at most once, before its deadline.',
  desired: 'A change of the desired state, or a part of one.',
  image_request: 'The next part of the image of an update, please.',
  image: 'A part of the image of an update.',
};

function qosOf(frame: UpFrame | DownFrame): number {
  return frame === 'heartbeat' || frame === 'beat' ? 0 : 1;
}

function channel(frame: UpFrame | DownFrame, direction: 'up' | 'down') {
  return {
    address: `iq/{hub_id}/${direction}/${frame}`,
    parameters: { hub_id: { $ref: '#/components/parameters/hub_id' } },
    messages: { [frame]: { $ref: `#/components/messages/${frame}` } },
  };
}

function operation(frame: UpFrame | DownFrame, action: 'receive' | 'send') {
  return {
    action,
    summary: summaries[frame],
    channel: { $ref: `#/channels/${frame}` },
    messages: [{ $ref: `#/channels/${frame}/messages/${frame}` }],
    bindings: { mqtt: { qos: qosOf(frame), retain: false, bindingVersion: '0.2.0' } },
  };
}

function all<T>(make: (frame: UpFrame | DownFrame, isUp: boolean) => T): Record<string, T> {
  const ups = upFrames.map((frame) => [frame, make(frame, true)] as const);
  const downs = downFrames.map((frame) => [frame, make(frame, false)] as const);
  return Object.fromEntries([...ups, ...downs]);
}

/** The device link as an AsyncAPI 3 document, seen from the gateway; schemas are those of contract/iq-link.ts. */
export function deviceLinkDescription() {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Cardea device link',
      version: `${protocolVersion}.0.0`,
      description:
        'Frames between an IQ (hub) and the device gateway: JSON over MQTT 3.1.1 over TLS 1.3. The guide is device-link.md.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: 'localhost:8883',
        protocol: 'mqtts',
        protocolVersion: '3.1.1',
        description: 'TLS 1.3; the authority to trust is device-ca.pem of the data folder.',
        security: [{ $ref: '#/components/securitySchemes/hub' }],
      },
    },
    channels: all((frame, isUp) => channel(frame, isUp ? 'up' : 'down')),
    operations: all((frame, isUp) => operation(frame, isUp ? 'receive' : 'send')),
    components: {
      parameters: {
        hub_id: {
          description:
            'UUID in lower case that the hub makes for itself at its first start and keeps for life.',
        },
      },
      securitySchemes: {
        hub: {
          type: 'userPassword',
          description:
            'Client id and user name are the hub id. The password is the credential of the claim, or the activation code (26 hex digits) of a hub that belongs to nobody.',
        },
      },
      messages: all((frame) => ({
        name: frame,
        summary: summaries[frame],
        payload: { $ref: `#/components/schemas/${frame}` },
      })),
      schemas: all((frame) => JSON.parse(JSON.stringify(frames[frame])) as object),
    },
    'x-heartbeat-ms': heartbeatMs,
    'x-offline-after-ms': offlineAfterMs,
    'x-max-frame-bytes': maxFrameBytes,
  };
}
