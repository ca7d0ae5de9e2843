import { afterEach, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';

let stage: Stage;
let recording: Recording | undefined;

afterEach(async () => {
  recording?.remove();
  recording = undefined;
  await stage.stop();
});

test('speech appears to others as live captions and then in the timeline', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  recording = recordingOf([`${SOUNDS}/Front_Right.wav`, `${SOUNDS}/Rear_Left.wav`]);
  const speakingBrowser = await stage.browser({ playsFile: recording.path });
  const ann = await stage.person(speakingBrowser, 'Ann');
  const path = await createRoom(ann, 'Out loud');
  await write(ann, 'typed before');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  const captions = ben.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await captions.getByText('Ann').first().waitFor();
  await captions.getByText(/front right/i).waitFor();
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/front right/i));
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/left/i));
  await ann.getByRole('button', { name: 'Turn off microphone' }).click();
  await expect.poll(() => captions.count()).toBe(0);
  await write(ben, 'typed after');

  await expect.poll(() => timelineOf(ann)).toContain('typed after');
  const seen = await timelineOf(ben);
  expect(seen[0]).toBe('typed before');
  expect(seen.at(-1)).toBe('typed after');
  expect(await timelineOf(ann)).toEqual(seen);
  await ben.reload();
  await expect.poll(() => timelineOf(ben)).toEqual(seen);
}, 60_000);

test('if the microphone is not allowed, the page says how to allow it', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  const ann = await stage.person(await stage.browser('refused'), 'Ann');
  await createRoom(ann, 'Quiet');
  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await ann.getByText('Your browser blocks the microphone').waitFor();
  await ann.getByRole('button', { name: 'Dismiss' }).click();
  await ann.getByText('Microphone off · PocketSphinx').waitFor();
});

test('if there is no microphone, the page says so', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  const ann = await stage.person(await stage.browser('none'), 'Ann');
  await createRoom(ann, 'Quiet');
  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await ann.getByText('No microphone found').waitFor();
});

test('if speech is off, the page says why and disables the microphone', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'off' });
  const ann = await stage.person(await stage.browser(), 'Ann');
  await createRoom(ann, 'Off');
  await ann.getByText('SPEECH_ENGINE=off').waitFor();
  expect(await ann.getByRole('button', { name: 'Turn on microphone' }).isDisabled()).toBe(true);
});
