import { afterEach, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { makeRoom, Stage, timelineOf, write } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';

let stage: Stage;
let recording: Recording | undefined;

afterEach(async () => {
  recording?.remove();
  recording = undefined;
  await stage.strike();
});

test('one speaks, the other reads the words: live as captions, then in the timeline', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  recording = recordingOf([`${SOUNDS}/Front_Right.wav`, `${SOUNDS}/Rear_Left.wav`]);
  const talking = await stage.browser({ plays: recording.path });
  const ann = await stage.person(talking, 'Ann');
  const path = await makeRoom(ann, 'Out loud');
  await write(ann, 'typed before');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  const captions = ben.getByRole('region', { name: 'Live captions' });

  await ann.getByRole('button', { name: 'Speak' }).click();
  await captions.getByText('Ann').first().waitFor();
  await captions.getByText(/front right/i).waitFor();
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/front right/i));
  await expect
    .poll(() => timelineOf(ben), { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/left/i));
  await ann.getByRole('button', { name: 'Stop speaking' }).click();
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

test('a person who refuses the microphone is told how to allow it', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  const ann = await stage.person(await stage.browser('refused'), 'Ann');
  await makeRoom(ann, 'Quiet');
  await ann.getByRole('button', { name: 'Speak' }).click();
  await ann.getByText('does not let this page use the microphone').waitFor();
  await ann.getByRole('button', { name: 'Dismiss' }).click();
  await ann.getByText('Listening: PocketSphinx').waitFor();
});

test('a person without a microphone is told so', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  const ann = await stage.person(await stage.browser('none'), 'Ann');
  await makeRoom(ann, 'Quiet');
  await ann.getByRole('button', { name: 'Speak' }).click();
  await ann.getByText('No microphone was found').waitFor();
});

test('where nobody listens the page says why, and the microphone is not offered', async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'off' });
  const ann = await stage.person(await stage.browser(), 'Ann');
  await makeRoom(ann, 'Off');
  await ann.getByText('SPEECH_ENGINE=off').waitFor();
  expect(await ann.getByRole('button', { name: 'Speak' }).isDisabled()).toBe(true);
});
