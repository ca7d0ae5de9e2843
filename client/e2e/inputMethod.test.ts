import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose, createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await Stage.start();
  browser = await stage.browser();
});
afterAll(() => stage.stop());

async function writer(): Promise<{ ann: Page; field: Locator }> {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Input methods');
  return { ann, field: ann.getByLabel('Write a message') };
}

test('the Enter that finishes Hangul sends it with the text before it, once', async () => {
  const { ann, field } = await writer();
  await compose(field, '안녕');
  await expect.poll(() => timelineOf(ann)).toEqual(['안녕']);
  await expect.poll(() => field.inputValue()).toBe('');
  await field.pressSequentially('Ada, ');
  await compose(field, '한');
  await expect.poll(() => timelineOf(ann)).toEqual(['안녕', 'Ada, 한']);
  await write(ann, 'next');
  await expect.poll(() => timelineOf(ann)).toEqual(['안녕', 'Ada, 한', 'next']);
});

test('the Enter that finishes Hangul in a name enters, and creates the room, once', async () => {
  const page = await stage.page(browser);
  await page.goto(stage.server.url);
  await compose(page.getByLabel('Your name'), '지민');
  await page.getByRole('button', { name: 'New room' }).click();
  await compose(page.getByLabel('Room name'), '회의');
  await page.getByRole('heading', { name: '회의' }).waitFor();
  expect(await page.getByRole('link', { name: '회의' }).count()).toBe(1);
});

test.each(['日本語', '你好'])('the Enter that finishes %s in a name submits nothing', async (text) => {
  const page = await stage.page(browser);
  await page.goto(stage.server.url);
  const field = page.getByLabel('Your name');
  await compose(field, text);
  expect(await field.inputValue()).toBe(text);
  await field.press('Enter');
  await page.getByRole('navigation', { name: 'Rooms' }).getByText(text).waitFor();
});

test.each(['日本語', '你好'])(
  'the Enter that finishes %s sends nothing, and the next Enter sends',
  async (text) => {
    const { ann, field } = await writer();
    await compose(field, text);
    expect(await field.inputValue()).toBe(text);
    expect(await timelineOf(ann)).toEqual([]);
    await field.press('Enter');
    await expect.poll(() => timelineOf(ann)).toEqual([text]);
  },
);

test('Hangul is sent once if the browser reports a second Enter after the composition', async () => {
  const { ann, field } = await writer();
  await field.evaluate((area: HTMLTextAreaElement) => {
    const press = (more: KeyboardEventInit) =>
      area.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', cancelable: true, ...more }),
      );
    const composition = (type: string, data: string) =>
      area.dispatchEvent(new CompositionEvent(type, { data }));
    area.focus();
    composition('compositionstart', '');
    composition('compositionupdate', '한');
    area.value = '한';
    area.dispatchEvent(new InputEvent('input', { bubbles: true, data: '한' }));
    press({ keyCode: 229, isComposing: true } as KeyboardEventInit);
    composition('compositionend', '한');
    press({ keyCode: 13 } as KeyboardEventInit);
    press({ keyCode: 13 } as KeyboardEventInit);
  });
  await write(ann, 'next');
  await expect.poll(() => timelineOf(ann)).toEqual(['한', 'next']);
});

test('Hangul that a click elsewhere finishes is not sent', async () => {
  const { ann, field } = await writer();
  await field.focus();
  const session = await ann.context().newCDPSession(ann);
  await session.send('Input.imeSetComposition', { text: '한', selectionStart: 1, selectionEnd: 1 });
  await ann.getByRole('heading', { name: 'Input methods' }).click();
  expect(await field.inputValue()).toBe('한');
  expect(await timelineOf(ann)).toEqual([]);
});
