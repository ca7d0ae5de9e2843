import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { openCutter } from '../../testing/cutter.ts';
import { type Recording, recordingOf } from './recording.ts';
import { createRoom, Stage, timelineOf } from './stage.ts';

const SOUNDS = '/usr/share/sounds/alsa';
const SPOKEN = ['Front_Right', 'Rear_Left', 'Front_Center', 'Side_Right', 'Side_Left'];
const RECOGNISED = { timeout: 40_000 };

let stage: Stage;
let recording: Recording | undefined;

afterEach(async () => {
  recording?.remove();
  recording = undefined;
  await stage.stop();
});

type SpeakerOptions = { url?: string; loop?: boolean; permissions?: string[] };

/** Ann speaks in a new room and Ben reads. @param loop for speech that must still go on after a slow page load. */
async function speaker({
  url = '/',
  loop = true,
  permissions,
}: SpeakerOptions): Promise<{ ann: Page; ben: Page }> {
  recording = recordingOf(SPOKEN.map((name) => `${SOUNDS}/${name}.wav`));
  const speakingBrowser = await stage.browser({ playsFile: recording.path, loop });
  const ann = await stage.person(speakingBrowser, 'Ann', url, permissions && { permissions });
  const path = await createRoom(ann, 'Out loud');
  const ben = await stage.person(await stage.browser(), 'Ben', path);
  await ben.getByRole('heading', { name: 'Out loud' }).waitFor();
  await ann.getByRole('button', { name: 'Turn on microphone' }).click();
  await expect.poll(() => timelineText(ben), RECOGNISED).toMatch(/right/i);
  return { ann, ben };
}

async function timelineText(page: Page): Promise<string> {
  return (await timelineOf(page)).join(' / ');
}

/** Waits for the end of the recording: a silence that is longer than its pauses. */
function untilRecordingEnds(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Turn off microphone' }).evaluate((button) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let lastLoudAt = performance.now();
    const timer = setInterval(() => {
      const level = Number(button.style.getPropertyValue('--level'));
      if (level > 0.01) lastLoudAt = performance.now();
      if (performance.now() - lastLoudAt < 3_000) return;
      clearInterval(timer);
      resolve();
    }, 50);
    return promise;
  });
}

/** How many speech streams the messages of the room came from. */
async function streamCount(page: Page): Promise<number> {
  const roomId = new URL(page.url()).pathname.split('/')[2];
  const answer = await page.request.get(`${stage.server.url}/api/rooms/${roomId}/messages`);
  const { items } = (await answer.json()) as { items: { speech: { streamId: string } | null }[] };
  return new Set(items.flatMap(({ speech }) => speech?.streamId ?? [])).size;
}

test('speech during a lost connection is kept, and the same stream goes on', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  await using cable = await openCutter(stage.server.url);
  const { ann, ben } = await speaker({ url: cable.url, loop: false });

  const reconnect = cable.hold();
  await ann.getByText('Your speech is kept and sent when you are back').waitFor();
  await untilRecordingEnds(ann);
  reconnect();
  await expect.poll(() => timelineText(ben), RECOGNISED).toMatch(/right.*left.*center.*right.*left/i);
  expect(await timelineText(ben)).not.toContain('not heard');
  expect(await streamCount(ben)).toBe(1);
  await ann.getByRole('button', { name: 'Turn off microphone' }).click();
  await ann.getByRole('button', { name: 'Turn on microphone' }).waitFor();
  await expect.poll(async () => (await timelineText(ann)) === (await timelineText(ben))).toBe(true);
}, 120_000);

test('after a reload or a short absence the same stream goes on, and missed speech is shown as a gap', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  const { ann, ben } = await speaker({ permissions: ['microphone'] });

  await ann.reload();
  await ann.getByRole('button', { name: 'Turn off microphone' }).waitFor();
  const address = ann.url();
  await ann.goto('about:blank');
  await ben.getByText('lost the connection').waitFor();
  await ann.goto(address);
  await ann.getByRole('button', { name: 'Turn off microphone' }).waitFor();
  await expect.poll(() => timelineText(ben), RECOGNISED).toMatch(/right.*not heard.*right/i);
  await expect.poll(() => timelineText(ann)).toContain('not heard: the connection was lost');
  await ann.getByRole('button', { name: 'Turn off microphone' }).click();
  await ann.getByRole('button', { name: 'Turn on microphone' }).waitFor();
  expect(await streamCount(ben)).toBe(1);
  // A stream that the speaker ended does not continue after a reload.
  await ann.reload();
  await ann.getByRole('button', { name: 'Turn on microphone' }).waitFor();
}, 120_000);

test('if the browser always prompts for the microphone, a reload needs one click to continue', async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  const { ann, ben } = await speaker({});
  const before = await timelineText(ben);
  // Firefox answers like this. Chromium with a fake device grants every permission.
  await ann.addInitScript(() => {
    navigator.permissions.query = () => Promise.resolve({ state: 'prompt' } as PermissionStatus);
  });

  await ann.reload();
  await ann.getByRole('button', { name: 'Continue' }).click();
  await ann.getByRole('button', { name: 'Turn off microphone' }).waitFor();
  await expect.poll(() => timelineText(ben), RECOGNISED).not.toBe(before);
  expect(await streamCount(ben)).toBe(1);
}, 120_000);
