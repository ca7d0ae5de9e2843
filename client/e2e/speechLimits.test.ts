import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { createRoom, Stage, timelineOf } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';
/** AWS settings with an endpoint that refuses connections. */
const UNREACHABLE_AWS = {
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
afterEach(() => stage.stop());

const speakingBrowser = () => stage.browser({ playsFile: recording.path, loop: true });

test('everyone sees the place of a speaker in the queue, and their speech is heard later', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx', SPEECH_STREAMS: '1' });
  const ann = await stage.person(await speakingBrowser(), 'Ann');
  const path = await createRoom(ann, 'One at a time');
  const ben = await stage.person(await speakingBrowser(), 'Ben', path);
  const captions = ann.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await captions.getByText(/front right/i).waitFor();
  await ben.getByRole('button', { name: 'Turn on microphone' }).click();
  await captions.getByText('is number 1 in the queue').waitFor();
  await ben.getByText('You are number 1 in the queue. Your speech is kept.').waitFor();
  await ann.getByRole('button', { name: 'Turn off microphone' }).click();
  await ben.getByText('On air', { exact: true }).waitFor();
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

test('while the engine is unreachable no engine is named, and the fallback engine then loses no word', async () => {
  stage = await Stage.start({ ...UNREACHABLE_AWS, SPEECH_ENGINE: 'aws', SPEECH_FALLBACK: 'pocketsphinx' });
  const ann = await stage.person(await speakingBrowser(), 'Ann');
  const path = await createRoom(ann, 'Second choice');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  const captions = ben.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await captions.getByText('Speech recognition is unavailable right now.').waitFor();
  expect(await captions.getByText(/Captions by/).count()).toBe(0);
  await captions.getByText(/^Captions by PocketSphinx/).waitFor();
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/left/i));
  expect((await timelineOf(ben))[0]).toMatch(/front right/i);
}, 60_000);
