import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await Stage.start();
  browser = await stage.browser();
});
afterAll(() => stage.stop());

/** Calls a procedure as the person of this page. @returns the result. */
function call<T>(page: Page, path: string, input: object): Promise<T> {
  return page.evaluate(
    async ([path, input]) => {
      const query = path === 'messages.list' || path === 'rooms.get';
      const url = `/trpc/${path}${query ? `?input=${encodeURIComponent(JSON.stringify(input))}` : ''}`;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(
        url,
        query ? {} : { method: 'POST', headers, body: JSON.stringify(input) },
      );
      const { result, error } = await response.json();
      if (error) throw new Error(error.message);
      return result.data;
    },
    [path, input] as const,
  );
}

/** Sends lines without typing them, which takes a browser long. */
async function sendLines(page: Page, roomId: string, count: number): Promise<void> {
  for (let i = 1; i <= count; i += 1) {
    await call(page, 'messages.send', { roomId, clientId: randomUUID(), text: `line ${i}` });
  }
}

const roomOf = (path: string) => path.split('/')[2] ?? '';
const unreadOf = async (page: Page, roomId: string) =>
  (await call<{ unread: number }>(page, 'rooms.get', { roomId })).unread;

/** Remembers all that a screen reader would read out from now on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const region = document.querySelector('.timeline-place [aria-live=polite]');
    if (!region) throw new Error('There is no live region.');
    new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) if (node instanceof HTMLElement) heard.push(node.innerText);
      }
    }).observe(region, { childList: true, subtree: true });
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

async function show(page: Page, visibility: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibility);
}

test('an edit or a reaction keeps the row, its selection and the focus', async () => {
  const ann = await stage.person(browser, 'Ann');
  const path = await createRoom(ann, 'Rows');
  const roomId = roomOf(path);
  const ben = await stage.person(browser, 'Ben', path);
  await write(ben, 'first');
  await write(ann, 'own');
  await expect.poll(() => timelineOf(ann)).toEqual(['first', 'own']);
  const { items } = await call<{ items: { id: string }[] }>(ann, 'messages.list', { roomId });
  const [first, own] = items.map(({ id }) => id);

  await ann.evaluate(() => {
    const [row] = document.querySelectorAll('article');
    row?.setAttribute('data-same', '');
    getSelection()?.selectAllChildren(row?.querySelector('.text') as Node);
  });
  await ann.getByRole('button', { name: 'Edit' }).focus();
  await call(ben, 'messages.react', { roomId, messageId: first, emoji: '👍' });
  await call(ann, 'messages.react', { roomId, messageId: own, emoji: '👍' });
  await call(ben, 'messages.edit', { roomId, messageId: first, text: 'first again' });
  await expect.poll(() => timelineOf(ann)).toEqual(['first again', 'own']);
  expect(
    await ann.evaluate(() => getSelection()?.anchorNode?.parentElement?.closest('[data-same]') !== null),
  ).toBe(true);
  expect(await ann.locator('article').first().getAttribute('data-same')).toBe('');
  expect(await ann.evaluate(() => document.activeElement?.getAttribute('data-edits'))).toBe(own);
});

test('a message keeps its row from being written to being sent', async () => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Sent');
  await ann.evaluate(() => {
    const rows: Element[] = [];
    Object.assign(window, { rows });
    new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) {
          if (node instanceof Element) rows.push(...node.querySelectorAll('article'));
          if (node instanceof Element && node.matches('article')) rows.push(node);
        }
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
  await write(ann, 'one');
  await ann.locator('article[data-seq="1"]').waitFor();
  expect(await ann.evaluate(() => (window as unknown as { rows: Element[] }).rows.length)).toBe(1);
});

test('only messages of others that arrive live are announced', async () => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'News');
  const roomId = roomOf(path);
  await sendLines(ben, roomId, 60);
  const ann = await stage.person(browser, 'Ann', path);
  await expect.poll(() => timelineOf(ann)).toHaveLength(50);
  const heard = await listen(ann);

  // A real click scrolls to the button first. That alone loads the messages, and takes the button away.
  await ann.getByRole('button', { name: 'Show earlier messages' }).dispatchEvent('click');
  await expect.poll(() => timelineOf(ann)).toHaveLength(60);
  const { items } = await call<{ items: { id: string }[] }>(ben, 'messages.list', { roomId, before: 2 });
  await call(ben, 'messages.edit', { roomId, messageId: items[0]?.id, text: 'line 1, corrected' });
  await call(ben, 'messages.react', { roomId, messageId: items[0]?.id, emoji: '👍' });
  await write(ann, 'my own');
  await write(ben, 'news');
  await expect.poll(heard).toEqual(['Ben: news']);
});

test('joins change the list of people without a new request, and the focus stays in the list of rooms', async () => {
  const ann = await stage.page(browser);
  const asked: string[] = [];
  ann.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (`${payload}`.includes('rooms.members')) asked.push(`${payload}`);
    }),
  );
  await ann.goto(stage.server.url);
  await ann.getByLabel('Your name').fill('Ann');
  await ann.getByRole('button', { name: 'Enter' }).click();
  const roomId = roomOf(await createRoom(ann, 'Crowd'));
  const link = ann.getByRole('link', { name: /Crowd/ });
  await link.getByText('1 member').waitFor();
  await link.focus();

  const post = async (path: string, input: object, token = '') => {
    const headers = {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const body = JSON.stringify(input);
    const answer = await fetch(`${stage.server.url}/trpc/${path}`, { method: 'POST', headers, body });
    return (await answer.json()).result.data;
  };
  const guests = Array.from({ length: 20 }, (_, i) => post('session.guest', { name: `Guest ${i}` }));
  for (const { token } of await Promise.all(guests)) await post('rooms.join', { roomId }, token);
  await link.getByText('21 members').waitFor();
  const people = ann.getByRole('complementary', { name: 'People' }).getByRole('listitem');
  await expect.poll(() => people.count()).toBe(21);
  expect(asked).toHaveLength(1);
  expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);
});

test('what is shown on the screen is read, in all windows; a hidden page reads nothing', async () => {
  const ann = await stage.person(browser, 'Ann');
  const path = await createRoom(ann, 'Unread');
  const roomId = roomOf(path);
  const ben = await stage.person(browser, 'Ben', path);
  await write(ben, 'seen');
  await expect.poll(() => timelineOf(ann)).toEqual(['seen']);
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);

  await show(ann, 'hidden');
  for (const text of ['one', 'two', 'three']) await write(ben, text);
  const badge = ann.getByRole('link', { name: /Unread/ }).locator('.unread');
  await badge.getByText('3', { exact: true }).waitFor();
  expect(await unreadOf(ann, roomId)).toBe(3);

  const second = await ann.context().newPage();
  await second.goto(new URL('/', stage.server.url).href);
  await second.getByRole('link', { name: /Unread.*Unread: 3/ }).click();
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);
  await expect.poll(() => badge.count()).toBe(0);
  await second.getByRole('link', { name: /Unread: / }).waitFor({ state: 'detached' });

  await second.close();
  await write(ben, 'four');
  await badge.getByText('1', { exact: true }).waitFor();
  await show(ann, 'visible');
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);
  await expect.poll(() => badge.count()).toBe(0);
});

test('what is read in one window is read in another, where a different room is open', async () => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'Two windows');
  const ann = await stage.person(browser, 'Ann', path);
  await ann.getByRole('heading', { name: 'Two windows' }).waitFor();
  await createRoom(ann, 'Elsewhere');
  for (const text of ['one', 'two']) await write(ben, text);
  await ben.locator('article[data-seq="2"]').waitFor();
  await ann.reload();
  await ann.getByRole('link', { name: /Two windows.*Unread: 2/ }).waitFor();
  const second = await ann.context().newPage();
  await second.goto(new URL(path, stage.server.url).href);
  await ann.getByRole('link', { name: /Unread: / }).waitFor({ state: 'detached' });
});

test.each([
  ['closed', (page: Page) => page.close({ runBeforeUnload: true })],
  ['left', (page: Page) => page.goto('about:blank')],
])('a message that was read just before the page is %s is read', async (_, end) => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'Brief');
  const ann = await stage.person(browser, 'Ann', path);
  await ann.getByRole('heading', { name: 'Brief' }).waitFor();
  const other = await ann.context().newPage();
  await other.goto(stage.server.url);
  await write(ben, 'a glance is enough');
  await ann.locator('article[data-seq="1"]').waitFor();
  await end(ann);
  await expect.poll(() => unreadOf(other, roomOf(path))).toBe(0);
});

test('messages that a larger window shows are read, and the list follows again', async () => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'Larger');
  const roomId = roomOf(path);
  const text = Array.from({ length: 60 }, (_, i) => `line ${i}`).join('\n');
  await write(ben, text);
  const ann = await stage.person(browser, 'Ann', path, { viewport: { width: 1280, height: 500 } });
  await ann.locator('article[data-seq="1"]').waitFor();
  const log = ann.getByRole('log', { name: 'Messages' });
  await log.evaluate((list) => list.scrollTo({ top: list.scrollHeight - list.clientHeight - 200 }));
  await ann.getByRole('button', { name: 'Latest' }).waitFor();
  await write(ben, 'below');
  await expect.poll(() => unreadOf(ann, roomId)).toBe(1);
  await ann.setViewportSize({ width: 1280, height: 900 });
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);
  expect(await ann.getByRole('button', { name: 'Latest' }).count()).toBe(0);
});

test('who scrolls up stays there, although the list changes or a message arrives in that moment', async () => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'Moment');
  await sendLines(ben, roomOf(path), 30);
  await ben.locator('article[data-seq="30"]').waitFor();
  const log = ben.getByRole('log', { name: 'Messages' });
  const latest = ben.getByRole('button', { name: 'Latest' });
  await log.evaluate((list) => {
    list.scrollTo({ top: 0 });
    list.style.height = '200px';
  });
  await latest.click();
  await latest.waitFor({ state: 'detached' });
  await ben.getByRole('textbox', { name: 'Message' }).fill('arrives');
  await log.evaluate((list) => {
    list.scrollTo({ top: 0 });
    document.querySelector<HTMLButtonElement>('.composer button[type=submit]')?.click();
  });
  await latest.waitFor();
  await ben.locator('article[data-seq="31"]').waitFor();
  expect(await log.evaluate((list) => list.scrollTop)).toBe(0);
});

test('messages below the screen are unread until they are scrolled to', async () => {
  const ben = await stage.person(browser, 'Ben');
  const path = await createRoom(ben, 'Below');
  const roomId = roomOf(path);
  const ann = await stage.person(browser, 'Ann', path);
  await sendLines(ben, roomId, 30);
  await expect.poll(() => timelineOf(ann)).toHaveLength(30);
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);
  const log = ann.getByRole('log', { name: 'Messages' });
  await log.evaluate((list) => list.scrollTo({ top: 0 }));
  await ann.getByRole('button', { name: 'Latest' }).waitFor();
  await write(ben, 'below');
  await expect.poll(() => timelineOf(ann)).toHaveLength(31);
  expect(await unreadOf(ann, roomId)).toBe(1);
  await ann.getByRole('button', { name: 'Latest' }).click();
  await expect.poll(() => unreadOf(ann, roomId)).toBe(0);
});
