import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx', ALLOWED_ORIGINS: 'http://chat.lan' });
  browser = await stage.browser('none', ['--host-resolver-rules=MAP chat.lan 127.0.0.1']);
});
afterAll(() => stage.stop());

/** A page over plain http and a name of the local network, where the browser withholds many of its APIs. */
async function onLan(options: { locale?: string } = {}): Promise<Page> {
  return stage.person(browser, 'Ann', stage.server.url.replace(/\/\/[^:]+/, '//chat.lan'), options);
}

test('over plain http people chat, copy the link, and learn why there is no microphone', async () => {
  const ann = await onLan();
  expect(
    await ann.evaluate(() => [isSecureContext, 'randomUUID' in crypto, 'clipboard' in navigator]),
  ).toEqual([false, false, false]);
  await createRoom(ann, 'Kitchen');
  await write(ann, 'hello');
  await expect.poll(() => timelineOf(ann)).toEqual(['hello']);
  await ann.getByRole('button', { name: 'Copy link' }).click();
  await ann.getByText('Copied', { exact: true }).waitFor();
  await ann.getByLabel('Write a message').press('ControlOrMeta+v');
  expect(await ann.getByLabel('Write a message').inputValue()).toBe(ann.url());
  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await ann.getByText('Open this page over https or on localhost').waitFor();
  await ann.getByRole('button', { name: '한국어' }).click();
  await ann.getByText('https 또는 localhost 주소로 열어 주세요').waitFor();
});

test('if nothing can be copied, the page says so', async () => {
  const ann = await onLan();
  await createRoom(ann, 'Kitchen');
  await ann.evaluate(() => {
    document.execCommand = () => false;
  });
  await ann.getByRole('button', { name: 'Copy link' }).click();
  await ann.getByText('Could not copy').waitFor();
});

test.each(['forbidden', 'full'])('a %s storage costs neither the room nor the text', async (kind) => {
  const ann = await stage.page(browser);
  await ann.addInitScript((how) => {
    const refuse = () => {
      throw new DOMException('refused', how === 'full' ? 'QuotaExceededError' : 'SecurityError');
    };
    if (how === 'full') Storage.prototype.setItem = refuse;
    else
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, { get: refuse });
  }, kind);
  await ann.goto(stage.server.url);
  await ann.getByLabel('Your name').fill('Ann');
  await ann.getByRole('button', { name: 'Enter' }).click();
  await createRoom(ann, 'Attic');
  await ann.getByRole('button', { name: '한국어' }).click();
  await ann.getByLabel('메시지 입력').pressSequentially('hi there');
  await ann.getByLabel('메시지 입력').press('Enter');
  await expect.poll(() => ann.locator('article .text').allTextContents()).toEqual(['hi there']);
});

test('if cookies are blocked, the page says so', async () => {
  const ann = await stage.page(browser);
  await ann.route('**/trpc/session.guest', async (route) => {
    // Not by `route.fetch`, which would keep the cookie in the browser.
    const request = route.request();
    const answer = await fetch(request.url(), {
      ...{ method: request.method(), headers: request.headers(), body: request.postData() },
    });
    await route.fulfill({ status: answer.status, body: await answer.text() });
  });
  await ann.goto(stage.server.url);
  await ann.getByLabel('Your name').fill('Ann');
  await ann.getByRole('button', { name: 'Enter' }).click();
  await ann.getByText('Your browser blocks cookies').waitFor();
});
