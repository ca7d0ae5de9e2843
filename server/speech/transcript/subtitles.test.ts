import { describe, expect, test } from 'vitest';
import { WebVTTParser } from 'webvtt-parser';
import references from 'webvtt-parser/html-entities.json' with { type: 'json' };
import type { Utterance } from '../../../contract/types.ts';
import { iso, utteranceAt } from '../../../testing/utterance.ts';
import { srtWriter, vttWriter } from './subtitles.ts';
import { LINE_WIDTH, widthOf } from './width.ts';
import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

const subject: TranscriptSubject = { room: { id: 'room', name: 'Hall' }, from: undefined, timeZone: 'UTC' };

const write = (writer: TranscriptWriter, utterances: Utterance[]): string =>
  [writer.begin(), ...utterances.map(writer.add), writer.end()].join('');

const vtt = (utterances: Utterance[], about: Partial<TranscriptSubject> = {}) =>
  write(vttWriter({ ...subject, ...about }), utterances);
const srt = (utterances: Utterance[], about: Partial<TranscriptSubject> = {}) =>
  write(srtWriter({ ...subject, ...about }), utterances);

type Shown = { start: string | number; end: string | number; name?: string; text: string };

/** Reads WebVTT with a validator, and checks that it finds no error. */
function readVtt(text: string): Shown[] {
  const { cues, errors } = new WebVTTParser(references).parse(text, 'metadata');
  expect(errors).toEqual([]);
  return cues.map(({ startTime, endTime, tree }) => {
    const [voice, ...others] = tree.children ?? [];
    expect([voice?.name, others]).toEqual(['v', []]);
    const said = voice?.children?.map(({ type, value }) => (type === 'text' ? value : `?${type}`)).join('');
    return { start: startTime, end: endTime, name: unescaped(voice?.value ?? ''), text: said ?? '' };
  });
}

/** The validator does not decode character references in a name. Browsers do (WebVTT, 6.5, annotation state). */
function unescaped(name: string): string {
  return name.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

const BLOCK =
  /(\d+)\n(\d{2,}:[0-5]\d:[0-5]\d,\d{3}) --> (\d{2,}:[0-5]\d:[0-5]\d,\d{3})\n([^\n]+(?:\n[^\n]+)?)\n\n/y;

/** Reads SubRip, and checks that every byte belongs to a block and that the blocks are numbered 1, 2, 3 … */
function readSrt(text: string): Shown[] {
  const shown: Shown[] = [];
  for (BLOCK.lastIndex = 0; BLOCK.lastIndex < text.length; ) {
    const block = BLOCK.exec(text);
    if (!block) throw new Error(`no block after ${shown.length}`);
    const [, number, start = '', end = '', lines = ''] = block;
    expect(Number(number)).toBe(shown.length + 1);
    expect(start < end && !lines.includes('-->')).toBe(true);
    shown.push({ start, end, text: lines });
  }
  return shown;
}

const HOSTILE = [
  '00:00:01.000 --> 00:00:02.000',
  '</v><b>bold</b> & <c.red>',
  'one\n\n2\n00:00:01,000 --> 00:00:02,000\ntwo',
  'NOTE STYLE REGION WEBVTT',
  '&amp; &lt;v Ben&gt;',
  'שלום \u202eolleh مرحبا',
  '\u0000\u0085\u2028\r\nlast',
  '{\\an8}{\\pos(0,0)}top {b}bold{/b} {y:i}',
  '<font color="#ff0000">red</font> <i>and {\\i1}slanted</i>',
  'Ada --',
  '--',
  '\n\n\u2028\n \t --\u202e> \r\n\r\n7\r\n',
];

describe('WebVTT', () => {
  test('names the room and the speakers, and counts time from the first utterance', () => {
    const text = vtt([
      utteranceAt('Good morning.', 5),
      utteranceAt('Hello!', 3_700, { speaker: { id: 'b', name: 'Ben' } }),
    ]);
    expect(text).toBe(
      'WEBVTT\n\nNOTE\nHall\n\n' +
        '00:00:00.000 --> 00:00:01.000\n<v Ada>Good morning.\n\n' +
        '01:01:35.000 --> 01:01:36.000\n<v Ben>Hello!\n\n',
    );
  });

  test('is valid without an utterance', () => {
    expect(readVtt(vtt([]))).toEqual([]);
  });

  test.each(HOSTILE)('stays valid whatever people say or are called: %j', (said) => {
    const utterances = [
      utteranceAt(said, 1, { speaker: { id: 'eve', name: said } }),
      utteranceAt('Next.', 100),
    ];
    const [first, ...others] = readVtt(vtt(utterances, { room: { id: 'room', name: said } }));
    const clean = said.replace(/[\s\p{Cc}]+/gu, ' ').trim();
    const name = clean.replace(/\u202e/g, '');
    expect(first).toMatchObject({ start: 0, name });
    expect(others.at(-1)).toEqual({ start: 99, end: 100, name: 'Ada', text: 'Next.' });
    const spoken = [first, ...others.slice(0, -1)].map((cue) => cue?.text.replace('\n', ' ')).join(' ');
    expect(spoken).toBe(clean);
  });

  test('has the cues of people who speak at once in the order of their starts', () => {
    const long = utteranceAt(
      'one two three four five six seven eight nine ten eleven twelve thirteen. '.repeat(4),
      0,
    );
    const others = [3, 5, 6].map((at) => utteranceAt('Yes.', at, { speaker: { id: 'ben', name: 'Ben' } }));
    const shown = readVtt(vtt([long, ...others]));
    expect(shown.filter(({ name }) => name === 'Ben').map(({ start }) => start)).toEqual([3, 5, 6]);
  });
});

describe('SubRip', () => {
  test('begins each cue with the speaker, and counts time from the requested start', () => {
    const text = srt(
      [utteranceAt('Good morning.', 5), utteranceAt('', 3_700, { gap: 'engine', endedAt: iso(3_730) })],
      {
        from: new Date(iso(-100 * 3_600)),
      },
    );
    expect(text).toBe(
      '1\n100:00:05,000 --> 100:00:06,000\nAda: Good morning.\n\n' +
        '2\n101:01:40,000 --> 101:01:47,000\nAda: [not heard: 30 s]\n\n',
    );
  });

  test('gives a long name half a line at most', () => {
    const speaker = { id: 'x', name: 'Somebody with an extraordinarily long name' };
    const [cue] = readSrt(srt([utteranceAt('I have something to say to all of you.', 0, { speaker })]));
    expect(cue?.text).toBe('Somebody with an e…: I have\nsomething to say to all of you.');
  });

  test.each(HOSTILE)('stays valid whatever people say or are called: %j', (said) => {
    const shown = readSrt(
      srt([utteranceAt(said, 1, { speaker: { id: 'eve', name: said } }), utteranceAt('Next.', 100)]),
    );
    expect(shown.at(-1)).toEqual({ start: '00:01:39,000', end: '00:01:40,000', text: 'Ada: Next.' });
    expect(shown.length).toBeGreaterThan(1);
  });

  test.each(HOSTILE)('holds nothing that a player takes for markup, and every word: %j', (said) => {
    const text = srt([utteranceAt(said, 1, { speaker: { id: 'eve', name: said } })]);
    expect(text.replace(/^.* --> .*$/gm, '')).not.toMatch(/[<>{}]|-->/);
    const shown = readSrt(text)
      .map((cue) => cue.text)
      .join(' ')
      .normalize('NFKC');
    for (const word of said.match(/\p{L}{3,}/gu) ?? []) expect(shown).toContain(word);
  });

  test('keeps its lines short when it replaces characters by wider ones', () => {
    for (const { text } of readSrt(srt([utteranceAt('<b> {x} '.repeat(40), 0)]))) {
      for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(LINE_WIDTH);
    }
  });

  test('is empty without an utterance', () => {
    expect(srt([])).toBe('');
  });
});
