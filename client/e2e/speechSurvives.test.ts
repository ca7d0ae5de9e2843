import { setTimeout as pass } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { openCutter } from '../../testing/cutter.ts';
import { type Recording, recordingOf } from './recording.ts';
import { makeRoom, Stage, timelineOf } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';
const SPOKEN = ['Front_Right', 'Rear_Left', 'Front_Center', 'Side_Right', 'Side_Left'];
/** What is said while the connection is away for so long must be kept. */
const AWAY_MS = 5_000;
const HEARD = { timeout: 40_000 };

let stage: Stage;
let recording: Recording | undefined;

afterEach(async () => {
  recording?.remove();
  recording = undefined;
  await stage.strike();
});

type Speaking = { url?: string; again?: boolean; permissions?: string[] };

/** @param again for speech that does not end while a slow page is loaded. */
async function speaker({
  url = '/',
  again = true,
  permissions,
}: Speaking): Promise<{ ann: Page; ben: Page }> {
  recording = recordingOf(SPOKEN.map((name) => `${SOUNDS}/${name}.wav`));
  const talking = await stage.browser({ plays: recording.path, again });
  const ann = await stage.person(talking, 'Ann', url, permissions && { permissions });
  const path = await makeRoom(ann, 'Out loud');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ben.getByRole('heading', { name: 'Out loud' }).waitFor();
  await ann.getByRole('button', { name: 'Speak' }).click();
  await expect.poll(() => said(ben), HEARD).toMatch(/right/i);
  return { ann, ben };
}

async function said(page: Page): Promise<string> {
  return (await timelineOf(page)).join(' / ');
}

/** The speech streams that the words in the timeline came from. */
async function streamsOf(page: Page): Promise<number> {
  const roomId = new URL(page.url()).pathname.split('/')[2];
  const answer = await page.request.get(`${stage.server.url}/api/rooms/${roomId}/messages`);
  const { items } = (await answer.json()) as { items: { speech: { streamId: string } | null }[] };
  return new Set(items.flatMap(({ speech }) => speech?.streamId ?? [])).size;
}

test('a connection that is away for some seconds loses no word, and the captions go on in the same stream', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  await using cable = await openCutter(stage.server.url);
  const { ann, ben } = await speaker({ url: cable.url, again: false });

  const mend = cable.hold();
  await ann.getByText('What you say is kept and sent later').waitFor();
  await pass(AWAY_MS);
  mend();
  await expect.poll(() => said(ben), HEARD).toMatch(/right.*left.*center.*right.*left/i);
  expect(await said(ben)).not.toContain('not heard');
  expect(await streamsOf(ben)).toBe(1);
  await ann.getByRole('button', { name: 'Stop speaking' }).click();
  await expect.poll(() => said(ann)).toBe(await said(ben));
}, 120_000);

test('who reloads the page while speaking, or is away for a moment, goes on in the same stream; what was not heard is shown', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  const { ann, ben } = await speaker({ permissions: ['microphone'] });

  await ann.reload();
  await ann.getByRole('button', { name: 'Stop speaking' }).waitFor();
  const address = ann.url();
  await ann.goto('about:blank');
  await ben.getByText('has lost the connection').waitFor();
  await ann.goto(address);
  await ann.getByRole('button', { name: 'Stop speaking' }).waitFor();
  await expect.poll(() => said(ben), HEARD).toMatch(/right.*not heard.*right/i);
  await expect.poll(() => said(ann)).toContain('not heard: the connection was lost');
  await ann.getByRole('button', { name: 'Stop speaking' }).click();
  await ann.getByRole('button', { name: 'Speak' }).waitFor();
  expect(await streamsOf(ben)).toBe(1);
  // What one has ended oneself is over.
  await ann.reload();
  await ann.getByRole('button', { name: 'Speak' }).waitFor();
}, 120_000);

test('where the browser asks for the microphone each time, a reload needs one click', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  const { ann, ben } = await speaker({});
  const before = await said(ben);
  // As Firefox answers; Chromium with a fake device grants whatever is asked.
  await ann.addInitScript(() => {
    navigator.permissions.query = () => Promise.resolve({ state: 'prompt' } as PermissionStatus);
  });

  await ann.reload();
  await ann.getByRole('button', { name: 'Go on speaking' }).click();
  await ann.getByRole('button', { name: 'Stop speaking' }).waitFor();
  await expect.poll(() => said(ben), HEARD).not.toBe(before);
  expect(await streamsOf(ben)).toBe(1);
}, 120_000);
