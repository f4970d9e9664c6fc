import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { statementText, type SignedFirmware } from '#contract/firmware';
import { imageFault, type FirmwareImage } from './firmware-check.ts';
import { createSystemClock } from './clock.ts';
import { SimulatedFirmware } from './drivers/simulated-firmware.ts';

const maker = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const key = maker.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const content = Buffer.from('an image of a lock');
const place = {
  hardwareType: 'lock',
  model: 'Lock A',
  component: 'firmware',
  version: '2.0.0',
} as const;

function image(
  more: Partial<SignedFirmware> = {},
  { privateKey } = maker,
): FirmwareImage & { readonly firmware: SignedFirmware } {
  const said = {
    hardware_type: 'lock' as const,
    model: 'Lock A',
    component: 'firmware',
    version: '2.1.0',
    size_bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    ...more,
  };
  const signature = sign(null, Buffer.from(statementText(said)), privateKey).toString('base64');
  return { firmware: { ...said, signature }, content };
}

function faultOf(given: FirmwareImage, pinned: string | null = key): string | null {
  return imageFault(given, { key: pinned, place });
}

describe('a device and the image it is given', () => {
  it('believes the maker it was made with', () => {
    expect(faultOf(image())).toBeNull();
    expect(faultOf(image({ version: '2.0.0' }))).toBeNull();
  });

  it('believes nobody else, nor anybody when it was made without a key', () => {
    expect(faultOf(image({}, stranger))).toBe('signature_invalid');
    expect(faultOf(image(), 'not a key')).toBe('signature_invalid');
    expect(faultOf(image(), null)).toBe('no_key');
  });

  it.each([
    ['hardware_type', 'iq'],
    ['model', 'Lock B'],
    ['component', 'other'],
    ['version', '9.9.9'],
    ['size_bytes', 1],
    ['sha256', '0'.repeat(64)],
  ] as const)('refuses a statement whose %s was changed after it was signed', (member, value) => {
    const signed = image();
    const changed = { ...signed, firmware: { ...signed.firmware, [member]: value } };
    expect(faultOf(changed)).toBe('signature_invalid');
  });

  it('refuses an image that is not the one of the statement', () => {
    const signed = image();
    const other = Buffer.from(content);
    other.writeUInt8(other.readUInt8(3) ^ 1, 3);
    expect(faultOf({ ...signed, content: other })).toBe('image_damaged');
    expect(faultOf({ ...signed, content: content.subarray(1) })).toBe('image_damaged');
  });

  it('refuses what is for other hardware, and what is older than what runs', () => {
    expect(faultOf(image({ model: 'Lock B' }))).toBe('wrong_hardware');
    expect(faultOf(image({ hardware_type: 'repeater' }))).toBe('wrong_hardware');
    expect(faultOf(image({ component: 'other' }))).toBe('wrong_hardware');
    expect(faultOf(image({ version: '1.99.9' }))).toBe('downgrade');
    expect(faultOf(image({ version: '2.0' }))).toBe('downgrade');
  });
});

describe('a simulated lock', () => {
  function lock(): SimulatedFirmware {
    return new SimulatedFirmware(
      { hardwareType: 'lock', model: 'Lock A', versions: { firmware: '2.0.0' } },
      { clock: createSystemClock(), key },
    );
  }

  it('runs an image of its maker after it was written, and takes it twice without harm', async () => {
    const device = lock();
    expect(await device.install(image())).toEqual({ result: 'installed' });
    expect(device.version('firmware')).toBe('2.1.0');
    expect(await device.install(image())).toEqual({ result: 'installed' });
  });

  it('verifies the signature itself, whatever its hub believes', async () => {
    const device = lock();
    const refused = { result: 'refused', failure: 'signature_invalid' };
    expect(await device.install(image({}, stranger))).toEqual(refused);
    expect(device.version('firmware')).toBe('2.0.0');
  });

  it('goes back to the former image when it does not start with the other', async () => {
    const device = lock();
    device.failToStart(true);
    expect(await device.install(image())).toEqual({ result: 'refused', failure: 'rolled_back' });
    expect(device.version('firmware')).toBe('2.0.0');
  });
});
