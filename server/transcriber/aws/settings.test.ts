import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEECH_SETTINGS } from '../../../contract/speechSettings.ts';
import type { SpeechSettings } from '../../../contract/types.ts';
import { awsScene, hear, RATE, singing } from '../testing/transcribe/awsScene.ts';

const scene = awsScene({
  account: { vocabularies: ['Names_ko.1'], vocabularyFilters: { 'rude-words': ['stop', 'ten'] } },
});

const set = (settings: Partial<SpeechSettings>): SpeechSettings => ({
  ...DEFAULT_SPEECH_SETTINGS,
  ...settings,
});

/** What the service heard the request say, without the header's prefix. */
function asked(): Record<string, string> {
  const prefix = 'x-amzn-transcribe-';
  const headers = Object.entries(scene.server.streams.at(-1)?.headers ?? {});
  return Object.fromEntries(
    headers.flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), String(value)]] : [],
    ),
  );
}

async function say(text: string, settings: Partial<SpeechSettings>, language = 'en-US') {
  return hear(scene.engine(), singing(text), { language, settings: set(settings) });
}

describe('language', () => {
  test('one is asked for by its code', async () => {
    const [event] = await say('hello', { languages: ['ko-KR', 'ja-JP'] }, 'en-GB');
    expect(asked()).toMatchObject({ 'language-code': 'en-GB' });
    expect(event?.language).toBe('en-GB');
  });

  test.each([
    ['the engine’s own', [], 'ko-KR,en-US'],
    ['the room’s', ['de-DE', 'ko-KR', 'en-GB'], 'de-DE,ko-KR,en-GB'],
  ])('with “auto”, each utterance is in its own, among %s', async (_, languages, options) => {
    const events = await say('안녕', { languages }, 'auto');
    expect(asked()).toMatchObject({ 'identify-multiple-languages': 'true', 'language-options': options });
    expect(asked()['language-code']).toBeUndefined();
    expect(new Set(events.map(({ language }) => language))).toEqual(new Set(['ko-KR']));
  });

  test('“auto” among one language is that language, which needs no finding out', async () => {
    await say('안녕', { languages: ['ko-KR'] }, 'auto');
    expect(asked()).toMatchObject({ 'language-code': 'ko-KR' });
    expect(asked()['language-options']).toBeUndefined();
  });

  test('the service’s refusal of one is told as that', async () => {
    await expect(say('hello', {}, 'tlh')).rejects.toMatchObject({ reason: 'language_unsupported' });
  });
});

describe('vocabulary and filter', () => {
  const both = { vocabulary: 'Names_ko.1', vocabularyFilter: 'rude-words' };

  test('are named in the singular for one language, in the plural for several', async () => {
    await say('hello', both);
    expect(asked()).toMatchObject({
      'vocabulary-name': 'Names_ko.1',
      'vocabulary-filter-name': 'rude-words',
      'vocabulary-filter-method': 'mask',
    });
    await say('hello', both, 'auto');
    expect(asked()).toMatchObject({
      'vocabulary-names': 'Names_ko.1',
      'vocabulary-filter-names': 'rude-words',
    });
  });

  test.each([
    ['mask', 'go *** ***.'],
    ['remove', 'go.'],
    ['tag', 'go stop ten.'],
  ] as const)('a filter can %s its words', async (filterMethod, text) => {
    const events = await say('go stop ten', { vocabularyFilter: 'rude-words', filterMethod });
    expect(events.at(-1)?.text).toBe(text);
  });

  test('an utterance of which nothing is left makes no event', async () => {
    expect(await say('stop ten', { vocabularyFilter: 'rude-words', filterMethod: 'remove' })).toEqual([]);
  });

  test.each([{ vocabulary: 'gone' }, { vocabularyFilter: 'gone' }])(
    'unknown %j is told as that',
    async (s) => {
      const told = { reason: 'vocabulary_unknown', retryable: false };
      await expect(say('hello', s)).rejects.toMatchObject(told);
      await expect(say('hello', s, 'auto')).rejects.toMatchObject(told);
    },
  );
});

describe('stability', () => {
  test.each(['low', 'medium', 'high'] as const)('%s is asked for', async (stability) => {
    const events = await say('go forward', { stability });
    expect(asked()).toMatchObject({
      'enable-partial-results-stabilization': 'true',
      'partial-results-stability': stability,
    });
    expect(events.some(({ type, stableChars }) => type === 'partial' && stableChars > 0)).toBe(true);
  });

  test('switched off, no word of a partial is called stable', async () => {
    const partials = (await say('go forward ten', { stability: 'off' })).filter(
      ({ type }) => type === 'partial',
    );
    expect(asked()['partial-results-stability']).toBeUndefined();
    expect(partials.map(({ stableChars }) => stableChars)).toEqual([0, 0, 0]);
  });
});

describe('personal data', () => {
  test('is masked, and nothing of it leaves before it is', async () => {
    const events = await say('go forward ten', { redact: true });
    expect(asked()).toMatchObject({ 'content-redaction-type': 'PII' });
    expect(events.map(({ type, text }) => [type, text])).toEqual([['final', 'go forward [PII].']]);
  });

  test('stays inside also where a final takes back what was heard', async () => {
    const filtered = { vocabularyFilter: 'rude-words', filterMethod: 'remove', redact: true } as const;
    expect(await say('ten', filtered)).toEqual([]);
  });
});

test('several people on one microphone are told apart', async () => {
  const words = (await say('go left forward', { speakers: true })).at(-1)?.words;
  expect(asked()).toMatchObject({ 'show-speaker-label': 'true' });
  expect(words?.map(({ speaker }) => speaker)).toEqual(['0', '1', '0']);
  expect((await say('go', {})).at(-1)?.words[0]).not.toHaveProperty('speaker');
});

describe('what cannot be done is said before a stream is opened', () => {
  const refuses = (language: string, settings: Partial<SpeechSettings> = {}, sampleRate = RATE) =>
    scene.engine().refuses({ language, sampleRate, settings: set(settings) });

  test.each<[string, Partial<SpeechSettings>]>([
    ['en-US', {}],
    ['auto', {}],
    ['auto', { languages: ['ko-KR', 'en-GB', 'ja-JP'] }],
    ['sv-SE', {}],
    ['en-GB', { redact: true, speakers: true, vocabulary: 'a', vocabularyFilter: 'b.c-d_e' }],
    ['auto', { languages: ['es-US'], redact: true }],
  ])('nothing of %s with %j', (language, settings) => {
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
  ])('%s with %j', (language, settings, sentence) => {
    expect(refuses(language, settings)).toContain(sentence);
    expect(refuses(language, settings)).toMatch(/^Amazon .+\.$|^No .+\.$/);
  });

  test.each([4_000, 96_000])('%d samples a second', (sampleRate) => {
    expect(refuses('en-US', {}, sampleRate)).toContain(String(sampleRate));
  });

  test('without settings, the defaults are meant', () => {
    expect(scene.engine().refuses({ language: 'auto', sampleRate: RATE })).toBeNull();
  });
});
