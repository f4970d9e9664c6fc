/**
 * Bounds the size of MQTT packets before they are gathered in memory: the parser of the broker would wait for up to 256 MB.
 * Reads only the fixed header of each packet: one type byte, then a length of one to four bytes (MQTT 3.1.1, 2.2.3).
 */
export type PacketMeter = {
  /** Takes the next bytes of the stream; false = a packet announces more bytes than allowed. */
  take(chunk: Buffer): boolean;
  /** From the next packet on. */
  setLimit(limitBytes: number): void;
};

export function createPacketMeter(firstLimitBytes: number): PacketMeter {
  let limitBytes = firstLimitBytes;
  // Bytes of the present packet's body still to come; -1 = its header is being read.
  let bodyLeft = -1;
  let headerBytes = 0;
  let length = 0;

  /** Reads one byte of a header; true when the header is complete. */
  function readHeader(byte: number): boolean {
    headerBytes += 1;
    if (headerBytes === 1) return false;
    length += (byte & 0x7f) * 128 ** (headerBytes - 2);
    if ((byte & 0x80) !== 0 && headerBytes < 5) return false;
    return true;
  }

  return {
    take(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (bodyLeft > 0) {
          const skipped = Math.min(bodyLeft, chunk.length - at);
          bodyLeft -= skipped;
          at += skipped;
        } else if (readHeader(chunk[at] ?? 0)) {
          if (length > limitBytes) return false;
          bodyLeft = length;
          headerBytes = 0;
          length = 0;
          at += 1;
        } else {
          at += 1;
        }
      }
      return true;
    },
    setLimit(bytes) {
      limitBytes = bytes;
    },
  };
}
