import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await Stage.start();
  browser = await stage.browser();
});
afterAll(() => stage.stop());

test('a person who opens a link only enters a name to chat, and both people see the same order', async () => {
  const ann = await stage.person(browser, 'Ann');
  const path = await createRoom(ann, 'Stand-up');
  const ben = await stage.person(browser, 'Ben', path);
  await ben.getByRole('heading', { name: 'Stand-up' }).waitFor();

  const texts = ['Good morning', 'Hello Ann', 'Shall we?', 'Two\nlines', '안녕하세요 👋'];
  for (const [i, text] of texts.entries()) {
    await write(i % 2 === 0 ? ann : ben, text);
    await expect.poll(() => timelineOf(ann)).toContain(text);
    await expect.poll(() => timelineOf(ben)).toContain(text);
  }
  expect(await timelineOf(ann)).toEqual(texts);
  expect(await timelineOf(ben)).toEqual(texts);

  const people = ann.getByRole('complementary', { name: 'People' });
  await people.getByText('Ben').waitFor();
  await people.getByText('Ann (you)').waitFor();
  await expect.poll(() => people.getByText('Online').count()).toBe(2);
  await ben.close();
  // The server waits some seconds before it reports a person as gone.
  await expect.poll(() => people.getByText('Offline').count(), { timeout: 10_000 }).toBe(1);
});

test('a double click creates one room', async () => {
  const ann = await stage.person(browser, 'Ann');
  await ann.getByRole('button', { name: 'New room' }).click();
  await ann.getByLabel('Room name').fill('Once');
  await ann.getByRole('button', { name: 'Create room' }).dblclick();
  await ann.getByRole('heading', { name: 'Once' }).waitFor();
  const second = await stage.person(browser, 'Ben');
  await second.getByRole('link', { name: 'Once' }).first().waitFor();
  expect(await second.getByRole('link', { name: 'Once' }).count()).toBe(1);
});

test('a reload keeps the person, the room and the draft, and each message appears once', async () => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Reload');
  const texts = Array.from({ length: 12 }, (_, i) => `message ${i + 1}`);
  for (const text of texts) await write(ann, text);
  // The reload does not wait for the sends: unsent messages must survive it.
  await ann.getByLabel('Write a message').fill('half a thought');
  await ann.reload();

  await expect.poll(() => timelineOf(ann)).toHaveLength(texts.length);
  expect(await timelineOf(ann)).toEqual(texts);
  expect(await ann.getByLabel('Write a message').inputValue()).toBe('half a thought');
});

test('Enter sends, and Shift+Enter adds a line', async () => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Keys');
  const field = ann.getByLabel('Write a message');
  await field.fill('one');
  await field.press('Shift+Enter');
  await field.pressSequentially('two');
  await field.press('Enter');
  await expect.poll(() => timelineOf(ann)).toEqual(['one\ntwo']);
});

test('a text that is too long is not sent, and the page shows by how much', async () => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Long');
  const field = ann.getByLabel('Write a message');
  await field.fill('🙂'.repeat(4_001));
  await ann.getByText('Characters over the limit: 1').waitFor();
  expect(await ann.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
  await field.fill('🙂'.repeat(4_000));
  await field.press('Enter');
  await expect.poll(() => timelineOf(ann)).toEqual(['🙂'.repeat(4_000)]);
});

test('scrolling up loads older messages, and the messages on screen do not move', async () => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'History');
  for (let i = 1; i <= 70; i += 1) await write(ann, `line ${i}`);
  await expect.poll(() => ann.getByText('Sending…').count()).toBe(0);
  await ann.reload();
  await expect.poll(async () => (await timelineOf(ann))[0]).toBe('line 21');

  const log = ann.getByRole('log', { name: 'Messages' });
  await log.evaluate((list) => list.scrollTo({ top: 150 }));
  await expect.poll(async () => (await timelineOf(ann))[0]).toBe('line 1');
  const shown = await ann.getByText('line 21', { exact: true }).boundingBox();
  expect(shown?.y).toBeGreaterThan(-100);
  expect(shown?.y).toBeLessThan(400);
});

test('on a phone nothing is wider than the screen, and one tap shows the rooms or the people', async () => {
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  const ann = await stage.person(browser, 'Ann with quite a long name for a phone', '/', phone);
  await createRoom(ann, 'A room whose name is far too long to fit on the screen of a phone');
  await write(ann, 'https://example.org/'.padEnd(300, 'x'));
  await expect.poll(() => timelineOf(ann)).toHaveLength(1);
  expect(await ann.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await ann.getByRole('button', { name: 'Show people' }).tap();
  await ann.getByRole('complementary', { name: 'People' }).waitFor({ state: 'visible' });
  await ann.getByRole('button', { name: 'Close' }).tap();
  await ann.getByRole('link', { name: 'Back to rooms' }).tap();
  await ann.getByLabel('Search rooms').waitFor({ state: 'visible' });
});
