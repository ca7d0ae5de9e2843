import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Recording, recordingOf } from './recording.ts';
import { compose, makeRoom, Stage, timelineOf } from './stage.ts';

let stage: Stage;
let recording: Recording;

beforeAll(async () => {
  stage = await Stage.set({ SPEECH_ENGINE: 'pocketsphinx' });
  recording = recordingOf(['/usr/share/sounds/alsa/Front_Right.wav']);
});
afterAll(async () => {
  recording.remove();
  await stage.strike();
});

/** Ann, who has said one thing in a room of hers, and Ben, who has read it. */
async function afterOneLine(name: string): Promise<{ ann: Page; ben: Page; heard: string }> {
  const ann = await stage.person(await stage.browser({ plays: recording.path }), 'Ann');
  const path = await makeRoom(ann, name);
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ann.getByRole('button', { name: 'Speak' }).click();
  await expect.poll(() => timelineOf(ben), { timeout: 20_000 }).toHaveLength(1);
  await ann.getByRole('button', { name: 'Stop speaking' }).click();
  await ann.getByRole('button', { name: 'Speak', exact: true }).waitFor();
  const [heard = ''] = await timelineOf(ben);
  return { ann, ben, heard };
}

test('a speaker mends what was heard: Enter saves, Escape leaves it, and the original stays to be seen', async () => {
  const { ann, ben, heard } = await afterOneLine('Mended');
  expect(await ben.getByRole('button', { name: 'Edit' }).count()).toBe(0);

  const pencil = ann.getByRole('button', { name: 'Edit' });
  const field = ann.getByLabel('Edit your message');
  await pencil.click();
  await field.fill('not this');
  await field.press('Escape');
  expect(await timelineOf(ann)).toEqual([heard]);
  await expect.poll(() => pencil.evaluate((button) => button === document.activeElement)).toBe(true);

  await pencil.click();
  await field.fill('');
  await compose(field, '앞 오른쪽');
  expect(await field.inputValue()).toBe('앞 오른쪽');
  await field.press('Enter');
  await expect.poll(() => timelineOf(ann)).toEqual(['앞 오른쪽']);
  await expect.poll(() => timelineOf(ben)).toEqual(['앞 오른쪽']);
  await ben.getByText('edited').click();
  await ben.getByText(`Heard: “${heard}”`).waitFor();
}, 90_000);

test('a transcript is a click away, in the format one needs', async () => {
  const { ben, heard } = await afterOneLine('Kept');
  await ben.getByRole('button', { name: 'More about this room' }).click();
  for (const format of ['TXT', 'SRT', 'VTT', 'JSON']) {
    const coming = ben.waitForEvent('download');
    await ben.getByRole('link', { name: format }).click();
    expect(readFileSync(await (await coming).path(), 'utf8')).toContain(heard);
  }
}, 90_000);

test('the owner sets how a room is heard, and everybody in it sees it; others are not offered to', async () => {
  const ann = await stage.person(await stage.browser(), 'Ann');
  const path = await makeRoom(ann, 'Settled', 'ko-KR');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ben.getByText('PocketSphinx does not understand the language of this room').waitFor();
  await ben.getByRole('button', { name: 'More about this room' }).click();
  await ben.getByRole('link', { name: 'TXT' }).waitFor();
  expect(await ben.getByRole('button', { name: 'How this room is heard' }).count()).toBe(0);

  await ann.getByRole('button', { name: 'More about this room' }).click();
  await ann.getByRole('button', { name: 'How this room is heard' }).click();
  const dialog = ann.getByRole('dialog', { name: 'How this room is heard' });
  expect(await dialog.getByLabel('Hide personal data').isDisabled()).toBe(true);
  await dialog.getByText('PocketSphinx cannot do this').first().waitFor();
  await dialog.getByLabel('Spoken language').selectOption('en-US');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await ann.getByText('Listening: PocketSphinx').waitFor();
  await ben.getByText('Listening: PocketSphinx').waitFor();
}, 90_000);
