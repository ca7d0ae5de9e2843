import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import { awsScene, RATE, recognize, speechSource } from '../testing/transcribe/awsScene.ts';

const scene = awsScene({
  account: { vocabularies: ['Names_ko.1'], vocabularyFilters: { 'rude-words': ['stop', 'ten'] } },
});

const settingsWith = (settings: Partial<SpeechSettings>): SpeechSettings => ({
  ...DEFAULT_SPEECH_SETTINGS,
  ...settings,
});

/** The options in the headers of the last request, without their prefix. */
function requested(): Record<string, string> {
  const prefix = 'x-amzn-transcribe-';
  const headers = Object.entries(scene.server.streams.at(-1)?.headers ?? {});
  return Object.fromEntries(
    headers.flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), String(value)]] : [],
    ),
  );
}

async function transcribe(text: string, settings: Partial<SpeechSettings>, language = 'en-US') {
  return recognize(scene.engine(), speechSource(text), { language, settings: settingsWith(settings) });
}

describe('language', () => {
  test('one language is requested by its code', async () => {
    const [event] = await transcribe('hello', { languages: ['ko-KR', 'ja-JP'] }, 'en-GB');
    expect(requested()).toMatchObject({ 'language-code': 'en-GB' });
    expect(event?.language).toBe('en-GB');
  });

  test.each([
    ['the engine’s own', [], 'ko-KR,en-US'],
    ['the room’s', ['de-DE', 'ko-KR', 'en-GB'], 'de-DE,ko-KR,en-GB'],
  ])('with “auto”, each utterance gets its own language, among %s', async (_, languages, options) => {
    const events = await transcribe('안녕', { languages }, 'auto');
    expect(requested()).toMatchObject({ 'identify-multiple-languages': 'true', 'language-options': options });
    expect(requested()['language-code']).toBeUndefined();
    expect(new Set(events.map(({ language }) => language))).toEqual(new Set(['ko-KR']));
  });

  test('“auto” in a room with one language requests that language, without identification', async () => {
    await transcribe('안녕', { languages: ['ko-KR'] }, 'auto');
    expect(requested()).toMatchObject({ 'language-code': 'ko-KR' });
    expect(requested()['language-options']).toBeUndefined();
  });

  test('a language that the service refuses fails with the reason “language_unsupported”', async () => {
    await expect(transcribe('hello', {}, 'tlh')).rejects.toMatchObject({ reason: 'language_unsupported' });
  });
});

describe('vocabulary and filter', () => {
  const both = { vocabulary: 'Names_ko.1', vocabularyFilter: 'rude-words' };

  test('go into the singular headers for one language, into the plural ones for several', async () => {
    await transcribe('hello', both);
    expect(requested()).toMatchObject({
      'vocabulary-name': 'Names_ko.1',
      'vocabulary-filter-name': 'rude-words',
      'vocabulary-filter-method': 'mask',
    });
    await transcribe('hello', both, 'auto');
    expect(requested()).toMatchObject({
      'vocabulary-names': 'Names_ko.1',
      'vocabulary-filter-names': 'rude-words',
    });
  });

  test.each([
    ['mask', 'go *** ***.'],
    ['remove', 'go.'],
    ['tag', 'go stop ten.'],
  ] as const)('a filter can %s its words', async (filterMethod, text) => {
    const events = await transcribe('go stop ten', { vocabularyFilter: 'rude-words', filterMethod });
    expect(events.at(-1)?.text).toBe(text);
  });

  test('an utterance whose words are all filtered makes no event', async () => {
    expect(await transcribe('stop ten', { vocabularyFilter: 'rude-words', filterMethod: 'remove' })).toEqual(
      [],
    );
  });

  test.each([{ vocabulary: 'gone' }, { vocabularyFilter: 'gone' }])(
    'an unknown name, %j, fails with the reason “vocabulary_unknown”',
    async (settings) => {
      const failure = { reason: 'vocabulary_unknown', retryable: false };
      await expect(transcribe('hello', settings)).rejects.toMatchObject(failure);
      await expect(transcribe('hello', settings, 'auto')).rejects.toMatchObject(failure);
    },
  );
});

describe('stability', () => {
  test.each(['low', 'medium', 'high'] as const)('%s is requested', async (stability) => {
    const events = await transcribe('go forward', { stability });
    expect(requested()).toMatchObject({
      'enable-partial-results-stabilization': 'true',
      'partial-results-stability': stability,
    });
    expect(events.some(({ type, stableChars }) => type === 'partial' && stableChars > 0)).toBe(true);
  });

  test('if it is off, no word of a partial is stable', async () => {
    const partials = (await transcribe('go forward ten', { stability: 'off' })).filter(
      ({ type }) => type === 'partial',
    );
    expect(requested()['partial-results-stability']).toBeUndefined();
    expect(partials.map(({ stableChars }) => stableChars)).toEqual([0, 0, 0]);
  });
});

describe('personal data', () => {
  test('is masked, and no event contains it unmasked', async () => {
    const events = await transcribe('go forward ten', { redact: true });
    expect(requested()).toMatchObject({ 'content-redaction-type': 'PII' });
    expect(events.map(({ type, text }) => [type, text])).toEqual([['final', 'go forward [PII].']]);
  });

  test('is not emitted either when the final takes the words back', async () => {
    const filtered = { vocabularyFilter: 'rude-words', filterMethod: 'remove', redact: true } as const;
    expect(await transcribe('ten', filtered)).toEqual([]);
  });
});

test('several speakers at one microphone get numbers of their own', async () => {
  const words = (await transcribe('go left forward', { speakers: true })).at(-1)?.words;
  expect(requested()).toMatchObject({ 'show-speaker-label': 'true' });
  expect(words?.map(({ speaker }) => speaker)).toEqual(['0', '1', '0']);
  expect((await transcribe('go', {})).at(-1)?.words[0]).not.toHaveProperty('speaker');
});

describe('the engine refuses impossible options before it opens a stream', () => {
  const refuses = (language: string, settings: Partial<SpeechSettings> = {}, sampleRate = RATE) =>
    scene.engine().refuses({ language, sampleRate, settings: settingsWith(settings) });

  test.each<[string, Partial<SpeechSettings>]>([
    ['en-US', {}],
    ['auto', {}],
    ['auto', { languages: ['ko-KR', 'en-GB', 'ja-JP'] }],
    ['sv-SE', {}],
    ['en-GB', { redact: true, speakers: true, vocabulary: 'a', vocabularyFilter: 'b.c-d_e' }],
    ['auto', { languages: ['es-US'], redact: true }],
  ])('it accepts %s with %j', (language, settings) => {
    expect(refuses(language, settings)).toBeNull();
  });

  test.each<[string, Partial<SpeechSettings>, string]>([
    ['tlh', {}, 'the language tlh'],
    ['auto', { languages: ['en-US', 'tlh'] }, 'the language tlh'],
    ['auto', { languages: ['en-US', 'en-GB', 'ko-KR'] }, 'en-US and en-GB'],
    ['auto', { languages: ['en-US', 'sv-SE'] }, 'sv-SE'],
    ['auto', { redact: true }, 'Choose one language'],
    ['auto', { languages: ['en-US', 'es-US'], redact: true }, 'Choose one language'],
    ['ko-KR', { redact: true }, 'not in ko-KR'],
    ['en-US', { vocabulary: 'with space' }, '“with space”'],
    ['en-US', { vocabularyFilter: '이름' }, '“이름”'],
  ])('it refuses %s with %j', (language, settings, sentence) => {
    expect(refuses(language, settings)).toContain(sentence);
    expect(refuses(language, settings)).toMatch(/^Amazon .+\.$|^No .+\.$/);
  });

  test.each([4_000, 96_000])('it refuses %d samples a second', (sampleRate) => {
    expect(refuses('en-US', {}, sampleRate)).toContain(String(sampleRate));
  });

  test('it accepts the default settings', () => {
    expect(scene.engine().refuses({ language: 'auto', sampleRate: RATE })).toBeNull();
  });
});
