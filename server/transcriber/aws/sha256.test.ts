import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { AwsSha256 } from './sha256.ts';

const text = 'AWS4-HMAC-SHA256-PAYLOAD\n안녕';
const bytes = Buffer.from(text);
const forms = [text, bytes, new Uint8Array(bytes).buffer, new Uint8Array([0, ...bytes]).subarray(1)];

test.each(forms)('hashes %o, whole and in parts', async (data) => {
  const expected = createHash('sha256').update(bytes).digest('hex');
  const whole = new AwsSha256();
  whole.update(data);
  expect(Buffer.from(await whole.digest()).toString('hex')).toBe(expected);

  const parts = new AwsSha256();
  parts.update('something else');
  parts.reset();
  parts.update(bytes.subarray(0, 7));
  parts.update(bytes.subarray(7));
  expect(Buffer.from(await parts.digest()).toString('hex')).toBe(expected);
});

test.each(['secret', Buffer.from('secret'), 's'.repeat(100)])('signs with the secret %o', async (secret) => {
  const signed = new AwsSha256(secret);
  signed.update(text);
  const expected = createHmac('sha256', secret).update(bytes).digest('hex');
  expect(Buffer.from(await signed.digest()).toString('hex')).toBe(expected);
});

test('hashes no data like empty data', async () => {
  const expected = createHash('sha256').digest('hex');
  expect(Buffer.from(await new AwsSha256().digest()).toString('hex')).toBe(expected);
});
