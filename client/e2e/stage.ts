import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';
import { type ServerProcess, startServerProcess, temporaryDatabase } from '../../testing/serverProcess.ts';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
];

/** Keeps a developer's real microphone out of the tests. */
const NO_SOUND_CARD = { PULSE_SERVER: 'unix:/nonexistent', ALSA_CONFIG_PATH: '/dev/null' };

/** A microphone that plays a WAV file once or in a loop, with permission; one without permission; or no device. */
export type FakeMicrophone = { playsFile: string; loop?: boolean } | 'refused' | 'none';

type Database = ReturnType<typeof temporaryDatabase>;

/** A server with its own database and the built page, and the browsers that open it. */
export class Stage {
  server: ServerProcess;
  readonly #env: NodeJS.ProcessEnv;
  readonly #database: Database;
  readonly #browsers: Browser[] = [];
  readonly #pageErrors: string[] = [];

  private constructor(server: ServerProcess, env: NodeJS.ProcessEnv, database: Database) {
    this.server = server;
    this.#env = env;
    this.#database = database;
  }

  static async start(env: NodeJS.ProcessEnv = { SPEECH_ENGINE: 'off' }): Promise<Stage> {
    const database = temporaryDatabase();
    const all = { ...env, DATABASE_URL: database.url };
    return new Stage(await startServerProcess(all), all, database);
  }

  /** Kills the server with SIGKILL. `restart` starts it again on the same port and database. */
  async killServer(): Promise<{ restart: () => Promise<void> }> {
    await this.server.stop('SIGKILL');
    return {
      restart: async () => {
        this.server = await startServerProcess({ ...this.#env, PORT: String(this.server.port) });
      },
    };
  }

  async browser(microphone: FakeMicrophone = 'none', flags: string[] = []): Promise<Browser> {
    const executablePath = findChromium();
    if (!executablePath) throw new Error('Chromium was not found. `npm test` installs it or says how.');
    const browser = await chromium.launch({
      executablePath,
      args: [...QUIET, ...flagsFor(microphone), ...flags],
      env: { ...process.env, ...NO_SOUND_CARD },
    });
    this.#browsers.push(browser);
    return browser;
  }

  /** A page in its own browser profile. Errors of the page make `stop` throw. */
  async page(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#pageErrors.push(`${error}`));
    page.on('console', (message) => {
      // When a test kills the server, the browser reports each failed request. Over plain http it reports a header
      // that it ignores. Neither is an error of the page.
      const isBrowsers = /Failed to load resource|WebSocket connection to|Cross-Origin-Opener-Policy/;
      if (message.type() === 'error' && !isBrowsers.test(message.text()))
        this.#pageErrors.push(message.text());
    });
    return page;
  }

  /** Opens the page at a path or URL and enters a name. */
  async person(
    browser: Browser,
    name: string,
    path = '/',
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const page = await this.page(browser, options);
    await page.goto(new URL(path, this.server.url).href);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Enter' }).click();
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor({ state: 'attached' });
    return page;
  }

  /** Stops the browsers and the server. @throws Error with the errors of all pages. */
  async stop(): Promise<void> {
    await Promise.all(this.#browsers.map((browser) => browser.close()));
    await this.server.stop();
    this.#database.remove();
    if (this.#pageErrors.length > 0)
      throw new Error(`The page reported errors:\n${this.#pageErrors.join('\n')}`);
  }
}

function flagsFor(microphone: FakeMicrophone): string[] {
  if (microphone === 'none') return ['--use-fake-ui-for-media-stream'];
  if (microphone === 'refused') return ['--use-fake-device-for-media-stream', '--deny-permission-prompts'];
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${microphone.playsFile}${microphone.loop ? '' : '%noloop'}`,
  ];
}

/** Creates a room. @returns its path. */
export async function createRoom(page: Page, name: string, language = 'en-US'): Promise<string> {
  await page.getByRole('button', { name: 'New room' }).click();
  await page.getByLabel('Room name').fill(name);
  await page.getByLabel('Spoken language').selectOption(language);
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name }).waitFor();
  return new URL(page.url()).pathname;
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Write a message').fill(text);
  await page.getByLabel('Write a message').press('Enter');
}

/**
 * The texts of the timeline from top to bottom, including messages that are still being sent.
 * @param name what the page calls the timeline in its language.
 */
export function timelineOf(page: Page, name = 'Messages'): Promise<string[]> {
  return page.getByRole('log', { name }).locator('article .text').allTextContents();
}

/** Types through an input method, as Chrome on Windows reports it, including the Enter that ends the composition. */
export async function compose(field: Locator, text: string): Promise<void> {
  await field.focus();
  const session = await field.page().context().newCDPSession(field.page());
  await session.send('Input.imeSetComposition', {
    text,
    selectionStart: text.length,
    selectionEnd: text.length,
  });
  await session.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  });
  await session.send('Input.insertText', { text });
  await session.send('Input.dispatchKeyEvent', {
    type: 'keyUp',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 13,
  });
}
