import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type AwsAccess = { ok: true; region: string } | { ok: false; reason: string };

/** With any of these variables, the SDK's credential chain does not ask the instance metadata service. */
const CREDENTIAL_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Enough to assume a role over the network. The start of the server must not wait longer. */
const TIMEOUT_MS = 5_000;

/**
 * Checks whether the SDK's own chain finds credentials and a region. If not, `reason` says why in a sentence for
 * people. A machine that has no AWS settings and is no EC2 instance gets its answer at once, without the network: the
 * chain would in the end ask 169.254.169.254, and on a laptop that address never answers.
 *
 * @param env the variables to look at; the SDK itself reads `process.env`.
 */
export async function resolveAws(
  env: Record<string, string | undefined>,
  { onEc2 = runsOnEc2, timeoutMs = TIMEOUT_MS } = {},
): Promise<AwsAccess> {
  const instanceRole = (env.AWS_EC2_METADATA_DISABLED ?? 'false') === 'false' && onEc2();
  if (
    !instanceRole &&
    !CREDENTIAL_VARIABLES.some((name) => env[name]) &&
    !sharedFiles(env).some((path) => existsSync(path))
  ) {
    return { ok: false, reason: 'No AWS credentials are configured for Amazon Transcribe.' };
  }
  // The SDK is loaded only here: it is large, and most laptops do not need it.
  const { createAwsClient } = await import('./client.ts');
  const client = createAwsClient({});
  const timeout = Promise.withResolvers<never>();
  const expire = () => timeout.reject(new Error(`no answer within ${timeoutMs / 1_000} s`));
  const timer = setTimeout(expire, timeoutMs);
  try {
    const { credentials, region } = client.config;
    const [found] = await Promise.race([Promise.all([region(), credentials()]), timeout.promise]);
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

/**
 * Source: EC2 user guide, "Detect whether a host is an EC2 instance". A Nitro instance has EC2 in its vendor name, a
 * Xen instance has it in its UUID.
 */
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
