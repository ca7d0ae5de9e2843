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

const directionOf = (element: Element) => getComputedStyle(element).direction;

test('what nobody can see is not sent, and a text of such characters only cannot be sent', async () => {
  const ann = await stage.person(browser, 'A\u202en\u200bn');
  await ann.getByRole('button', { name: 'New room' }).click();
  await ann.getByLabel('Room name').fill('  Two \u2067 blanks ');
  await ann.getByRole('button', { name: 'Create room' }).click();
  await expect.poll(() => ann.getByRole('heading', { level: 2 }).textContent()).toBe('Two blanks');
  const path = new URL(ann.url()).pathname;
  const ben = await stage.person(browser, 'Ben', path);
  await write(ann, '안녕하세\b요\u0092');
  await expect.poll(() => timelineOf(ben)).toEqual(['안녕하세요']);
  expect(await timelineOf(ann)).toEqual(['안녕하세요']);
  await ben.getByRole('complementary', { name: 'People' }).getByText('Ann', { exact: true }).waitFor();

  await ann.getByLabel('Write a message').fill('\u3164\u2800\u200b\b');
  expect(await ann.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
});

test('a name in which nobody sees anything, or that is too long, is refused with a reason', async () => {
  const page = await stage.page(browser);
  await page.goto(stage.server.url);
  const refusal = page.getByRole('alert').getByText('It may be blank or too long');
  const names = ['   ', '\u3164', '\u200b\u00a0\u0301', 'x'.repeat(41)];
  for (const name of names) {
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Enter' }).click();
    await refusal.waitFor();
    await page.reload();
  }
  // The longest name, with characters of two units each and with others that nobody sees.
  await page.getByLabel('Your name').fill('\u200b'.repeat(30));
  await page.keyboard.insertText('🙂'.repeat(40));
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('navigation', { name: 'Rooms' }).getByText('🙂'.repeat(40)).waitFor();

  await page.getByRole('button', { name: 'New room' }).click();
  for (const name of [...names, 'x'.repeat(81)].filter((name) => name.length !== 41)) {
    await page.getByLabel('Room name').fill(name);
    await page.getByRole('button', { name: 'Create room' }).click();
    await refusal.waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'New room' }).click();
  }
});

test('each text and each name has its own direction, and does not turn the text around it', async () => {
  const david = await stage.person(browser, 'דוד!');
  const path = await createRoom(david, 'חדר 1');
  await write(david, 'שלום! מה שלומך?\nfine?');
  const ann = await stage.person(browser, 'Ann', path);
  await write(ann, 'Hello!');
  await expect.poll(() => timelineOf(ann)).toHaveLength(2);

  const texts = ann.locator('.message .text');
  expect(await texts.nth(0).evaluate(directionOf)).toBe('rtl');
  expect(await texts.nth(1).evaluate(directionOf)).toBe('ltr');
  expect(await ann.locator('.message-head b').first().evaluate(directionOf)).toBe('rtl');
  expect(await ann.getByRole('heading', { level: 2 }).evaluate(directionOf)).toBe('rtl');
  expect(await ann.locator('.room-name').first().evaluate(directionOf)).toBe('rtl');
  const self = david.getByRole('complementary', { name: 'People' }).getByText('דוד! (you)');
  expect(await self.locator('bdi').textContent()).toBe('דוד!');
});

test.each([
  ['jamo', 'ᄏ'.repeat(300)],
  ['emoji', `${'👩\u200d'.repeat(200)}👩`],
  ['marks', `a${'\u20e3'.repeat(200)}`],
])('joined %s that no line can break are read by scrolling, and cover nothing else', async (_, text) => {
  const ann = await stage.person(browser, 'Ann');
  await createRoom(ann, 'Joined');
  await write(ann, text);
  await ann.locator('article[data-seq="1"]').waitFor();
  const overflow = await ann.locator('.bubble').evaluate((bubble) => {
    bubble.scrollTo({ left: 100 });
    return [bubble.scrollWidth > bubble.clientWidth + 100, bubble.scrollLeft];
  });
  expect(overflow).toEqual([true, 100]);
});

test('the picture of a name is its first letter as people see it', async () => {
  for (const [name, letter] of [
    ['한국'.normalize('NFD'), '한'.normalize('NFD')],
    ['🇰🇷 Team', '🇰🇷'],
    ['👩🏽‍🔬', '👩🏽‍🔬'],
  ] as const) {
    const page = await stage.person(browser, name);
    expect(await page.locator('.sidebar-foot .avatar').textContent()).toBe(letter);
    await page.context().close();
  }
});

test('a refused message says why in the language of the page, and can be edited and sent', async () => {
  const korean = { locale: 'ko-KR' };
  const page = await stage.page(browser, korean);
  await page.goto(stage.server.url);
  await page.getByLabel('이름').fill('지민');
  await page.getByRole('button', { name: '들어가기' }).click();
  await page.getByRole('button', { name: '새 방' }).click();
  await page.getByLabel('방 이름').fill('회의');
  await page.getByRole('button', { name: '방 만들기' }).click();
  await page.getByLabel('메시지 입력').fill('그리고');
  // An older page let people write longer texts. They wait in the browser's storage until they are sent.
  await page.evaluate(async () => {
    const { result } = await (await fetch('/trpc/session.me')).json();
    const [, , roomId] = location.pathname.split('/');
    const clientId = '00000000-0000-4000-8000-000000000001';
    const unsent = JSON.stringify({ clientId, text: 'x'.repeat(4_001), order: 1, failure: null });
    localStorage.setItem(`roomscribe.outbox.${result.data.user.id}.${roomId}.${clientId}`, unsent);
  });
  await page.reload();
  await page.getByText('보내지 못했습니다. 서버에서 받을 수 없는 내용입니다.').waitFor();

  await page.getByRole('button', { name: '수정' }).click();
  const field = page.getByLabel('메시지 입력');
  expect(await field.inputValue()).toBe(`${'x'.repeat(4_001)}\n그리고`);
  expect(await field.evaluate((area) => area === document.activeElement)).toBe(true);
  await expect.poll(() => timelineOf(page, '메시지')).toEqual([]);
  await field.fill('짧게');
  await field.press('Enter');
  await expect.poll(() => timelineOf(page, '메시지')).toEqual(['짧게']);
  await expect.poll(() => page.getByText('보내는 중…').count()).toBe(0);
});
