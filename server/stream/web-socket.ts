import type { WebSocket } from 'ws';
import { createBacklog } from './backlog.ts';
import type { Channel } from './channel.ts';

type Ear = {
  readonly heard: (bytes: Buffer) => void;
  /** What is wrong with the frames themselves: too large, no UTF-8, against the protocol. */
  readonly broken: () => void;
  readonly gone: () => void;
};

/** A connection over a WebSocket: text frames for JSON, binary ones for MessagePack. */
export function openWebSocket(socket: WebSocket, ear: Ear): Channel {
  const backlog = createBacklog();
  socket.on('message', (data) => ear.heard(bytesOf(data)));
  socket.on('close', () => {
    backlog.release();
    ear.gone();
  });
  socket.on('error', () => ear.broken());
  return {
    takesBinary: true,
    hasPings: true,
    backlog,
    write: (payload, isBinary) =>
      socket.send(payload, { binary: isBinary }, backlog.add(payload.byteLength)),
    close(reason) {
      backlog.release();
      if (reason === 'client_gone') socket.terminate();
      else socket.close(reason === 'shutdown' ? 1001 : 1000);
    },
    cut: () => socket.terminate(),
  };
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
