import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { compose, createRoom, Stage, timelineOf } from './stage.ts';

let stage: Stage;
let recording: Recording;

beforeAll(async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  recording = recordingOf(['/usr/share/sounds/alsa/Front_Right.wav']);
});
afterAll(async () => {
  recording.remove();
  await stage.stop();
});

/** Ann says one line in her new room, and Ben sees it. */
async function afterOneSpokenLine(name: string): Promise<{ ann: Page; ben: Page; heard: string }> {
  const ann = await stage.person(await stage.browser({ playsFile: recording.path }), 'Ann');
  const path = await createRoom(ann, name);
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await expect.poll(() => timelineOf(ben), { timeout: 20_000 }).toHaveLength(1);
  await ann.getByRole('button', { name: 'Turn off microphone' }).click();
  await ann.getByRole('button', { name: 'Turn on microphone' }).waitFor();
  const [heard = ''] = await timelineOf(ben);
  return { ann, ben, heard };
}

test('a speaker edits a spoken line: Enter saves, Escape cancels, and the original stays visible', async () => {
  const { ann, ben, heard } = await afterOneSpokenLine('One line');
  expect(await ben.getByRole('button', { name: 'Edit' }).count()).toBe(0);

  const pencil = ann.getByRole('button', { name: 'Edit' });
  const field = ann.getByLabel('Edit message');
  await pencil.click();
  await field.fill('not this');
  await field.press('Escape');
  expect(await timelineOf(ann)).toEqual([heard]);
  await expect.poll(() => pencil.evaluate((button) => button === document.activeElement)).toBe(true);

  await pencil.click();
  await field.fill('');
  await compose(field, '앞 오른쪽');
  await expect.poll(() => timelineOf(ann)).toEqual(['앞 오른쪽']);
  await expect.poll(() => timelineOf(ben)).toEqual(['앞 오른쪽']);
  await ben.getByText('Edited', { exact: true }).click();
  await ben.getByText(`Originally heard: “${heard}”`).waitFor();
}, 90_000);

test('the room menu downloads the transcript in every format', async () => {
  const { ben, heard } = await afterOneSpokenLine('Kept');
  await ben.getByRole('button', { name: 'Room menu' }).click();
  for (const format of ['TXT', 'SRT', 'VTT', 'JSON']) {
    const downloading = ben.waitForEvent('download');
    await ben.getByRole('link', { name: format }).click();
    expect(readFileSync(await (await downloading).path(), 'utf8')).toContain(heard);
  }
}, 90_000);

test('the owner changes the speech settings and everyone sees the effect; others get no settings', async () => {
  const ann = await stage.person(await stage.browser(), 'Ann');
  const path = await createRoom(ann, 'Settings', 'ko-KR');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ben.getByText('PocketSphinx does not support the language of this room').waitFor();
  await ben.getByRole('button', { name: 'Room menu' }).click();
  await ben.getByRole('link', { name: 'TXT' }).waitFor();
  expect(await ben.getByRole('button', { name: 'Speech settings' }).count()).toBe(0);

  await ann.getByRole('button', { name: 'Room menu' }).click();
  await ann.getByRole('button', { name: 'Speech settings' }).click();
  const dialog = ann.getByRole('dialog', { name: 'Speech settings' });
  expect(await dialog.getByLabel('Hide personal data').isDisabled()).toBe(true);
  await dialog.getByText('Not available with PocketSphinx').first().waitFor();
  await dialog.getByLabel('Spoken language').selectOption('en-US');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await ann.getByText('Microphone off · PocketSphinx').waitFor();
  await ben.getByText('Microphone off · PocketSphinx').waitFor();
}, 90_000);
