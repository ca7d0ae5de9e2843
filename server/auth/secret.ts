import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Reads the signing secret from a file, and makes the file at the first start. Only the file's owner can read it. A kept
 * secret means that a restart logs nobody out. Production sets AUTH_SECRET instead.
 */
export function loadOrCreateSecret(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) {
    // The whole secret is written before the file gets its name: a process that dies here leaves no half secret.
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    unlinkSync(draft);
  }
  return readFileSync(path, 'utf8');
}
