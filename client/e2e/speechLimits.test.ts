import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { makeRoom, Stage, timelineOf } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';
/** Nobody answers there. */
const AWAY = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING: 'http://127.0.0.1:9',
};

let stage: Stage;
let recording: Recording;
beforeAll(() => {
  recording = recordingOf([`${SOUNDS}/Front_Right.wav`, `${SOUNDS}/Rear_Left.wav`]);
});
afterAll(() => recording.remove());
afterEach(() => stage.strike());

const talking = () => stage.browser({ plays: recording.path, again: true });

test('who speaks while nobody else can be heard sees their place, as everybody does, and is heard afterwards', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx', SPEECH_STREAMS: '1' });
  const ann = await stage.person(await talking(), 'Ann');
  const path = await makeRoom(ann, 'One at a time');
  const ben = await stage.person(await talking(), 'Ben', path);
  const captions = ann.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Speak' }).click();
  await captions.getByText(/front right/i).waitFor();
  await ben.getByRole('button', { name: 'Speak' }).click();
  await captions.getByText('waits, place 1 in the queue').waitFor();
  await ben.getByText('Place 1 in the queue. What you say is kept.').waitFor();
  await ann.getByRole('button', { name: 'Stop speaking' }).click();
  await ben.getByText('Listening', { exact: true }).waitFor();
  await expect
    .poll(
      () =>
        ann
          .locator('article', { hasText: 'Ben' })
          .getByText(/front right/i)
          .count(),
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
}, 60_000);

test('while the engine is away nobody is said to listen; then another one does, and has lost no word', async () => {
  stage = await Stage.set({ ...AWAY, SPEECH_ENGINE: 'aws', SPEECH_FALLBACK: 'pocketsphinx' });
  const ann = await stage.person(await talking(), 'Ann');
  const path = await makeRoom(ann, 'Second choice');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  const captions = ben.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Speak' }).click();
  await captions.getByText('The speech engine cannot be reached right now.').waitFor();
  expect(await captions.getByText(/listens/).count()).toBe(0);
  await captions.getByText(/^PocketSphinx listens/).waitFor();
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/left/i));
  expect((await timelineOf(ben))[0]).toMatch(/front right/i);
}, 60_000);
