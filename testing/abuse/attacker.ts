import type { Attack, Target } from './attack.ts';
import { attacks } from './attacks/all.ts';
import { answerParent, readSetting } from './child.ts';
import { post } from './wire.ts';

/** The process of one attack. It answers once when the attack begins, and once when it has ended. */
export type AttackSetting = Omit<Target, 'token' | 'signal'> & { name: string; forMs: number };
export type AttackState = 'begun' | 'ended' | { cannotRun: string };

/** @returns the session with which the attack begins. */
async function enter(attack: Attack, target: AttackSetting): Promise<string | undefined> {
  const { url, longRoomId, largeRoomId, busyRoomId } = target;
  if (attack.person === 'nobody') return undefined;
  const { token } = await post<{ token: string }>(url, 'session.guest', { name: 'Mallory' });
  if (attack.person === 'guest') return token;
  for (const roomId of [longRoomId, largeRoomId, busyRoomId])
    await post(url, 'rooms.join', { roomId }, token);
  return token;
}

async function main(): Promise<void> {
  const { name, forMs, ...target } = await readSetting<AttackSetting>();
  const attack = attacks.find((one) => one.name === name);
  if (!attack) throw new Error(`There is no attack ${name}.`);
  const token = await enter(attack, { ...target, name, forMs });
  answerParent('begun');
  await attack.run({ ...target, token, signal: AbortSignal.timeout(forMs) });
  answerParent('ended');
}

main().catch((error: unknown) => answerParent({ cannotRun: String(error) }));
