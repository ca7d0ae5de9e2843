import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { upTo } from '../../db/testing/material.ts';
import { openRawSocket } from '../../testing/rawSocket.ts';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.stop());

test('no message is lost or doubled when the server is killed, and the page shows the lost connection', async () => {
  const browser = await stage.browser();
  const ann = await stage.person(browser, 'Ann');
  const path = await createRoom(ann, 'Stormy');
  const ben = await stage.person(browser, 'Ben', path);
  await write(ann, 'before 1');
  await write(ben, 'before 2');
  await expect.poll(() => timelineOf(ben)).toContain('before 2');
  await expect.poll(() => timelineOf(ben)).toContain('before 1');

  const server = await stage.killServer();
  await write(ann, 'away 1');
  await write(ann, 'away 2');
  await ann.getByText('Connection lost').waitFor();
  expect(await ann.getByText('Sending…').count()).toBe(2);
  await server.restart();

  await write(ann, 'after');
  await expect.poll(() => timelineOf(ben), { timeout: 20_000 }).toContain('after');
  await expect.poll(() => ann.getByText('Sending…').count()).toBe(0);
  await expect.poll(() => ann.getByText('Connection lost').count()).toBe(0);
  const seen = await timelineOf(ben);
  expect(seen.slice(2)).toEqual(['away 1', 'away 2', 'after']);
  expect(await timelineOf(ann)).toEqual(seen);
  await ben.reload();
  await expect.poll(() => timelineOf(ben)).toEqual(seen);
});

test.each(['Try again', 'Try now'])(
  'a window too many says so, and opens its room on "%s" once there is a place',
  async (button) => {
    const browser = await stage.browser();
    const ann = await stage.person(browser, 'Ann');
    const path = await createRoom(ann, 'Crowded');
    const [session] = await ann.context().cookies();
    const token = session?.value ?? '';
    await ann.goto('about:blank');
    const others = await Promise.all(
      upTo(LIMITS.socketsPerUser).map(() => openRawSocket(stage.server.url, { token })),
    );
    await ann.goto(new URL(path, stage.server.url).href);
    await ann.getByText('this one is not connected').waitFor();
    await ann.getByRole('main').getByText('Could not open the room').waitFor();
    await others.pop()?.[Symbol.asyncDispose]();
    await ann.getByRole('button', { name: button }).last().click();
    await ann.getByRole('heading', { name: 'Crowded' }).waitFor();
    await expect.poll(() => ann.getByText('this one is not connected').count()).toBe(0);
    for (const other of others) await other[Symbol.asyncDispose]();
  },
);
