import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.strike());

test('a server that is killed under way loses and doubles nothing, and the page says what is going on', async () => {
  const browser = await stage.browser();
  const ann = await stage.person(browser, 'Ann');
  const path = await makeRoom(ann, 'Stormy');
  const ben = await stage.person(browser, 'Ben', path);
  await write(ann, 'before 1');
  await write(ben, 'before 2');
  await expect.poll(() => timelineOf(ben)).toContain('before 2');
  await expect.poll(() => timelineOf(ben)).toContain('before 1');

  const killed = await stage.killServer();
  await write(ann, 'away 1');
  await write(ann, 'away 2');
  await ann.getByText('Connection lost').waitFor();
  expect(await ann.getByText('sending…').count()).toBe(2);
  await killed.restart();

  await write(ann, 'after');
  await expect.poll(() => timelineOf(ben), { timeout: 20_000 }).toContain('after');
  await expect.poll(() => ann.getByText('sending…').count()).toBe(0);
  await expect.poll(() => ann.getByText('Connection lost').count()).toBe(0);
  const seen = await timelineOf(ben);
  expect(seen.slice(2)).toEqual(['away 1', 'away 2', 'after']);
  expect(await timelineOf(ann)).toEqual(seen);
  await ben.reload();
  await expect.poll(() => timelineOf(ben)).toEqual(seen);
});
