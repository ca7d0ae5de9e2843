import type { EventEmitter } from 'node:events';
import { createRandom } from '../../server/transcriber/testing/random.ts';
import { ghostIn, showsPerson, showsSpeech, waitUntilGone } from './ghosts.ts';
import type { View } from './page.ts';
import { enterPerson, type Person } from './person.ts';
import { enterSpeaker, type Speaker } from './speaker.ts';
import type { Stage } from './stage.ts';

export type People = { typing: Person[]; speaking: Speaker[] };

export type Crowd = {
  people: number;
  /** How many of the people speak. The others type. */
  speakers: number;
  seed: number;
};

/** @param acks emits `ack` for each message that was acked. */
export async function enterPeople(
  { addresses, address }: Stage,
  { people, speakers, seed }: Crowd,
  roomIds: string[],
  acks: EventEmitter,
): Promise<People> {
  const [typing, speaking]: [Person[], Speaker[]] = [[], []];
  for (let i = 1; i <= people; i += 1) {
    const own = { name: `Person ${i}`, random: createRandom(seed + i) };
    if (i > speakers) typing.push(await enterPerson({ ...own, addresses, onAck: () => acks.emit('ack') }));
    else speaking.push(await enterSpeaker({ ...own, address, roomId: own.random.pick(roomIds) }));
  }
  return { typing, speaking };
}

/** The pages of everybody. */
export function viewsOf({ typing, speaking }: People): View[] {
  return [...typing.flatMap(({ pages }) => pages), ...speaking.map(({ page }) => page)].map(
    ({ view }) => view,
  );
}

/** All microphones are off, and then everybody leaves but one. @returns a line for each page that shows who is gone. */
export async function sendHome({ typing: [witness, ...typing], speaking }: People): Promise<string[]> {
  const everybody = { typing: witness ? [witness, ...typing] : [], speaking };
  const stillSpeaking = await waitUntilGone(() => viewsOf(everybody), showsSpeech);
  await Promise.all([...typing, ...speaking].map((person) => person.leave()));
  const gone = new Set([...typing, ...speaking].map(({ user }) => user.id));
  const showsAny = (view: View) => [...gone].some((userId) => showsPerson(view, userId));
  const stillPresent = await waitUntilGone(() => witness?.pages.map(({ view }) => view) ?? [], showsAny);
  await witness?.leave();
  return [
    ...stillSpeaking.map((view) => ghostIn(view, 'a speaker')),
    ...stillPresent.map((view) => ghostIn(view, 'who has left')),
  ];
}
