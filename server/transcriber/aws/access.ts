import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type AwsAccess = { ok: true; region: string } | { ok: false; reason: string };

/** Any of these makes the SDK's chain find credentials without asking the machine it runs on. */
const SOURCES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Long enough for a role to be assumed over the network; a start must not wait longer. */
const LIMIT_MS = 5_000;

/**
 * Whether the SDK's own chain finds credentials and a region, and why not, in a sentence for people. Where nothing is
 * configured and this is no EC2 instance it says so at once and without the network: the chain would end by asking
 * 169.254.169.254, which on a laptop nobody answers.
 *
 * @param env where the variables are looked for; the SDK itself reads `process.env`.
 */
export async function resolveAws(
  env: Record<string, string | undefined>,
  { onEc2 = runsOnEc2, limitMs = LIMIT_MS } = {},
): Promise<AwsAccess> {
  const instanceRole = (env.AWS_EC2_METADATA_DISABLED ?? 'false') === 'false' && onEc2();
  if (
    !instanceRole &&
    !SOURCES.some((name) => env[name]) &&
    !sharedFiles(env).some((path) => existsSync(path))
  ) {
    return { ok: false, reason: 'No AWS credentials are configured for Amazon Transcribe.' };
  }
  // Only now: the SDK is large, and most laptops never come here.
  const { createAwsClient } = await import('./client.ts');
  const client = createAwsClient({});
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs);
  try {
    const { credentials, region } = client.config;
    const [found] = await Promise.race([Promise.all([region(), credentials()]), late.promise]);
    return { ok: true, region: found };
  } catch (error) {
    return { ok: false, reason: `Amazon Transcribe cannot be used: ${sentence(error as Error)}` };
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

function sharedFiles(env: Record<string, string | undefined>): string[] {
  const folder = join(env.HOME ?? homedir(), '.aws');
  return [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(folder, 'credentials'),
    env.AWS_CONFIG_FILE ?? join(folder, 'config'),
  ];
}

/** Nitro says so as its vendor, Xen in its UUID (EC2 user guide, "Detect whether a host is an EC2 instance"). */
function runsOnEc2(): boolean {
  const startsWith = (path: string, start: string) => {
    try {
      return readFileSync(path, 'latin1').toLowerCase().startsWith(start);
    } catch {
      return false;
    }
  };
  return (
    startsWith('/sys/devices/virtual/dmi/id/sys_vendor', 'amazon ec2') ||
    startsWith('/sys/hypervisor/uuid', 'ec2')
  );
}

function sentence({ message }: Error): string {
  return message.endsWith('.') ? message : `${message}.`;
}
