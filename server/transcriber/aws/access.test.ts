import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resolveAws } from './access.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'secret' };
const onEc2 = () => true;
const elsewhere = { onEc2: () => false };

let home: string;
let metadata: Server;
let metadataRequests: string[];
let instanceRole: 'none' | 'present' | 'hanging';

/** The tests must not see the machine's own AWS settings, so they get their own home folder and metadata service. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'aws-'));
  metadataRequests = [];
  instanceRole = 'none';
  metadata = createServer(({ method, url = '' }, response) => {
    metadataRequests.push(`${method} ${url}`);
    if (instanceRole === 'hanging') return;
    const answer = instanceRole === 'present' ? metadataAnswer(url) : undefined;
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await once(metadata.listen(0, '127.0.0.1'), 'listening');
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  vi.stubEnv('AWS_CONFIG_FILE', join(home, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(home, 'credentials'));
  const { port } = metadata.address() as AddressInfo;
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', `http://127.0.0.1:${port}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  metadata.closeAllConnections();
  metadata.close();
  rmSync(home, { recursive: true });
});

function metadataAnswer(url: string): string {
  if (url.endsWith('/api/token')) return 'a token';
  if (url.endsWith('/security-credentials/')) return 'a-role';
  return JSON.stringify({
    Code: 'Success',
    AccessKeyId: 'AKIDROLE',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  });
}

function configure(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

describe('resolveAws', () => {
  test('refuses at once, without the network, if nothing is configured', async () => {
    configure({ AWS_REGION: 'eu-west-1' });
    const access = await resolveAws(process.env, elsewhere);
    expect(access).toEqual({ ok: false, reason: 'No AWS credentials are configured for Amazon Transcribe.' });
    expect(metadataRequests).toEqual([]);
  });

  test('finds the keys and the region in the variables', async () => {
    configure({ ...KEYS, AWS_REGION: 'ap-northeast-2' });
    expect(await resolveAws(process.env, elsewhere)).toEqual({ ok: true, region: 'ap-northeast-2' });
  });

  test('finds a profile and its region in the shared files', async () => {
    writeFileSync(join(home, 'credentials'), '[work]\naws_access_key_id = A\naws_secret_access_key = B\n');
    writeFileSync(join(home, 'config'), '[profile work]\nregion = eu-central-1\n');
    configure({ AWS_PROFILE: 'work' });
    expect(await resolveAws(process.env, elsewhere)).toEqual({ ok: true, region: 'eu-central-1' });
  });

  test('finds the role of an EC2 instance', async () => {
    instanceRole = 'present';
    configure({ AWS_REGION: 'eu-west-1' });
    expect(await resolveAws(process.env, { onEc2 })).toEqual({ ok: true, region: 'eu-west-1' });
    expect(metadataRequests.at(-1)).toContain('a-role');
  });

  test('does not ask the instance metadata service when it is switched off', async () => {
    configure({ AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' });
    expect((await resolveAws(process.env, { onEc2 })).ok).toBe(false);
    expect(metadataRequests).toEqual([]);
  });

  test('names what is missing: a region, or a profile', async () => {
    configure(KEYS);
    expect(await resolveAws(process.env, elsewhere)).toEqual({
      ok: false,
      reason: 'Amazon Transcribe cannot be used: Region is missing.',
    });
    configure({ AWS_REGION: 'eu-west-1', AWS_PROFILE: 'nobody', AWS_EC2_METADATA_DISABLED: 'true' });
    const reason = expect.stringMatching(/^Amazon Transcribe cannot be used: .+\.$/);
    expect(await resolveAws(process.env, elsewhere)).toEqual({ ok: false, reason });
  });

  test('gives up after the timeout', async () => {
    instanceRole = 'hanging';
    configure({ AWS_REGION: 'eu-west-1' });
    const access = await resolveAws(process.env, { onEc2, timeoutMs: 20 });
    expect(access).toEqual({
      ok: false,
      reason: 'Amazon Transcribe cannot be used: no answer within 0.02 s.',
    });
  });
});
