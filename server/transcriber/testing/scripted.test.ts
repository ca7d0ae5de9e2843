import { describe, expect, test } from 'vitest';
import { chunked, silence } from './audio.ts';
import { AudioSource } from './audioSource.ts';
import { createScriptedEngine, type ScriptedEngine } from './scripted.ts';

const RATE = 16_000;
const chunks = (count: number) => chunked(silence(count / 10, RATE), 100, RATE);

function recognize(engine: ScriptedEngine, source: AudioSource, signal = new AbortController().signal) {
  return Array.fromAsync(engine.transcribe(source, { language: 'en-US', sampleRate: RATE, signal }));
}

describe('the scripted engine', () => {
  test('does one step a chunk, and the remaining steps when the audio ends', async () => {
    const engine = createScriptedEngine([
      'nothing',
      { partial: 'he' },
      { final: 'hello' },
      { final: 'world' },
    ]);
    const source = new AudioSource(chunks(2));
    const events = await recognize(engine, source);
    expect(events.map(({ type, text, utteranceId }) => [type, text, utteranceId])).toEqual([
      ['partial', 'he', 'utterance-0'],
      ['final', 'hello', 'utterance-0'],
      ['final', 'world', 'utterance-1'],
    ]);
    expect(events[0]).toMatchObject({ start: 0.1, end: 0.2 });
    expect(engine.streams).toMatchObject([{ audioEnded: true, freed: true }]);
  });

  test('fails, leaves, and hangs until it is aborted, and releases the audio each time', async () => {
    const broken = new Error('scripted');
    const failing = new AudioSource(chunks(3), { hangs: true });
    await expect(recognize(createScriptedEngine([{ fail: broken }]), failing)).rejects.toBe(broken);

    const leaving = new AudioSource(chunks(3), { hangs: true });
    expect(await recognize(createScriptedEngine(['nothing', 'leave']), leaving)).toEqual([]);

    const abort = new AbortController();
    const hanging = new AudioSource(chunks(3), { hangs: true });
    const events = recognize(createScriptedEngine([{ final: 'one' }, 'hang']), hanging, abort.signal);
    await expect.poll(() => hanging.chunksRead).toBe(2);
    abort.abort();
    expect((await events).map(({ text }) => text)).toEqual(['one']);
    for (const source of [failing, leaving, hanging]) expect(source.returned).toBe(true);
  });
});
