import { expect, test } from 'vitest';
import type { CaptionEvent } from '../../contract/types.ts';
import { utteranceAt } from '../utterance.ts';
import { showsPerson, showsSpeech, waitUntilGone } from './ghosts.ts';
import { emptyView, type View } from './page.ts';

const speaker = { id: 'ada', name: 'Ada' };
const stream = (state: 'listening' | 'ended'): CaptionEvent => ({
  ...{ type: 'stream', streamId: 's', speaker, engine: 'aws', state, reason: 'idle' },
});
const partial: CaptionEvent = {
  type: 'partial',
  utterance: utteranceAt('0001 00', 1, { speaker, streamId: 's', seq: null }),
};

function view({ present = [], events = [] }: { present?: string[]; events?: CaptionEvent[] }): View {
  const shown = emptyView('Ben', 'room');
  for (const id of present) shown.present.add(id);
  for (const event of events) shown.board.receive(event, () => false);
  return shown;
}

test.each<[string, View, boolean, boolean]>([
  ['nobody', view({}), false, false],
  ['somebody else', view({ present: ['cas'] }), false, false],
  ['who is present', view({ present: ['ada'] }), true, false],
  ['who speaks', view({ events: [stream('listening')] }), true, true],
  ['an unfinished line', view({ events: [partial] }), true, true],
  ['a finished line', view({ events: [{ type: 'final', utterance: utteranceAt('0001', 1) }] }), false, false],
  [
    'a stream that has ended, with its line',
    view({ events: [stream('listening'), partial, stream('ended')] }),
    false,
    false,
  ],
])('a page shows %s', (_, shown, person, speech) => {
  expect([showsPerson(shown, 'ada'), showsSpeech(shown)]).toEqual([person, speech]);
});

test('a ghost is found, and nobody who goes in time', async () => {
  const haunted = { ...view({ present: ['ada'] }), connectedAt: performance.now() - 7_000 };
  const late = view({ present: ['ada'] });
  setTimeout(() => late.present.clear(), 20);
  const left = await waitUntilGone(
    () => [view({}), haunted, late],
    (one) => showsPerson(one, 'ada'),
    600,
  );
  expect(left).toEqual([haunted]);
});

test('a page that was not connected has time to be told', async () => {
  const offline = view({ present: ['ada'] });
  setTimeout(() => {
    offline.present.clear();
  }, 500);
  expect(
    await waitUntilGone(
      () => [offline],
      (one) => showsPerson(one, 'ada'),
      0,
    ),
  ).toEqual([]);
});
