import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSocketBlocker } from '../sdk/testing/socketBlocker.ts';
import { type Recording, recordingOf } from './recording.ts';
import { createRoom, Stage, timelineOf, write } from './stage.ts';

let stage: Stage;
let recording: Recording;
let browser: Awaited<ReturnType<Stage['browser']>>;

beforeAll(async () => {
  stage = await Stage.start({ SPEECH_ENGINE: 'pocketsphinx' });
  recording = recordingOf(['/usr/share/sounds/alsa/Front_Right.wav']);
  browser = await stage.browser({ playsFile: recording.path, loop: true });
});
afterAll(async () => {
  await stage.stop();
  recording.remove();
});

/** Keeps what the page opens in `window.opened`, so that a test can break it. */
function keepOpened(delayMs: number): void {
  const opened: { context?: AudioContext; tracks: MediaStreamTrack[] } = { tracks: [] };
  Object.assign(window, { opened });
  const { AudioContext } = window;
  window.AudioContext = class extends AudioContext {
    constructor(options?: AudioContextOptions) {
      super(options);
      opened.context = this;
    }
  };
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const stream = await getUserMedia(constraints);
    opened.tracks.push(...stream.getTracks());
    return stream;
  };
}

type Opened = { opened: { context: AudioContext; tracks: MediaStreamTrack[] } };

async function ann(path = '/', delayMs = 0): Promise<Page> {
  const page = await stage.page(browser);
  await page.addInitScript(keepOpened, delayMs);
  await page.goto(new URL(path, stage.server.url).href);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByRole('button', { name: 'Enter' }).click();
  await createRoom(page, 'Booth');
  return page;
}

test('a suspended microphone is told at once or resumed, and an unplugged one is opened anew', async () => {
  const page = await ann();
  await page.getByRole('button', { name: 'Turn on microphone' }).click();
  await page.getByText('On air', { exact: true }).waitFor();
  // A browser that refuses to resume.
  await page.evaluate(async () => {
    const { context } = (window as unknown as Opened).opened;
    context.resume = () => Promise.reject(new DOMException('not now', 'InvalidStateError'));
    await context.suspend();
  });
  await page.getByText('You are not heard: the microphone is paused').waitFor({ timeout: 5_000 });
  await page.evaluate(() => {
    const { context } = (window as unknown as Opened).opened;
    context.resume = AudioContext.prototype.resume;
  });
  await page.getByText('On air', { exact: true }).waitFor();
  await page.evaluate(() => {
    const [track] = (window as unknown as Opened).opened.tracks;
    track?.stop();
    track?.dispatchEvent(new Event('ended'));
  });
  await expect
    .poll(
      () => page.evaluate(() => (window as unknown as Opened).opened.tracks.map((track) => track.readyState)),
      { timeout: 10_000 },
    )
    .toEqual(['ended', 'live']);
  await page.getByText('On air', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Turn off microphone' }).click();
  await page.getByRole('button', { name: 'Turn on microphone' }).waitFor();
});

test('a stop while the browser still asks wins', async () => {
  const page = await ann('/', 1_500);
  await page.getByRole('button', { name: 'Turn on microphone' }).click();
  await page.getByText('Allow the microphone').waitFor();
  await page.getByRole('button', { name: 'Turn off microphone' }).click();
  await page.getByText('Microphone off').waitFor();
  await expect
    .poll(
      () => page.evaluate(() => (window as unknown as Opened).opened.tracks.map((track) => track.readyState)),
      { timeout: 10_000 },
    )
    .toEqual(['ended']);
  expect(await page.getByRole('button', { name: 'Turn on microphone' }).getAttribute('aria-pressed')).toBe(
    'false',
  );
});

test('where WebSockets are blocked, people chat and speak, and the page names the cause', async () => {
  await using proxy = await openSocketBlocker(stage.server.url, 'refuse');
  const page = await stage.page(browser);
  await page.goto(proxy.url);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByRole('button', { name: 'Enter' }).click();
  expect(await page.getByText('No rooms yet').count()).toBe(0);
  await page.getByText('Your network blocks WebSockets').waitFor({ timeout: 20_000 });
  await createRoom(page, 'Hotel');
  await write(page, 'over HTTP');
  await expect.poll(() => timelineOf(page)).toEqual(['over HTTP']);
  await page.getByRole('button', { name: 'Turn on microphone' }).click();
  await expect
    .poll(() => timelineOf(page), { timeout: 30_000 })
    .toContainEqual(expect.stringMatching(/right/i));
}, 90_000);
