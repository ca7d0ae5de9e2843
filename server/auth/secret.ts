import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Reads the signing secret from a file, and makes the file at the first start. Only its owner can read the file and look
 * into its folder, also where an older start left them open. A kept secret means that a restart logs nobody out.
 * Production sets AUTH_SECRET instead.
 * @throws Error if the kept secret can be guessed
 */
export function loadOrCreateSecret(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
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
  chmodSync(path, 0o600);
  const secret = readFileSync(path, 'utf8');
  const weakness = weaknessOf(secret);
  if (weakness) throw new Error(`The secret in ${path} ${weakness}. Delete the file to get a new one.`);
  return secret;
}

/** The shortest secret, in characters, and the fewest different ones in it. */
const LENGTH = 32;
const DIFFERENT = 8;

/** @returns why a person could guess this secret; null if nobody can */
export function weaknessOf(text: string): string | null {
  const secret = text.trim();
  if (secret.length < LENGTH) return `must be at least ${LENGTH} characters, not counting blanks around it`;
  if (new Set(secret).size < DIFFERENT) return `must have at least ${DIFFERENT} different characters`;
  return isRepetition(secret) ? 'must not repeat itself' : null;
}

/** Whether a text is a shorter text again and again, such as `passwordpasswordpa`. */
function isRepetition(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.slice(length) === text.slice(0, -length)) return true;
  }
  return false;
}
