import { createMemo, For, Show } from 'solid-js';
import type { Utterance } from '../../../contract/types.ts';
import { explainFailure, explainGap, explainListener } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { Speaking } from '../../state/captionBoard.ts';
import { useConnected } from '../../state/connected.ts';
import { Avatar } from '../Avatar.tsx';

/**
 * What is being said, as it is said, and who listens. Screen readers hear it when it is finished, in the timeline: half
 * words that change ten times a second would drown everything else.
 */
export function Captions(props: { lines: Utterance[]; speaking: Speaking[] }) {
  const ids = createMemo(() => props.lines.map(({ id }) => id), [], { equals: sameIds });
  const lineOf = (id: string) => props.lines.find((line) => line.id === id);
  const wordless = createMemo(() =>
    props.speaking.filter(
      ({ streamId, state }) =>
        state !== 'listening' || !props.lines.some((line) => line.streamId === streamId),
    ),
  );
  return (
    <Show when={props.lines.length > 0 || wordless().length > 0}>
      <section class="captions" aria-label={t('speech.captions')} aria-live="off">
        <Listeners speaking={props.speaking} />
        <For each={ids()}>{(id) => <Show when={lineOf(id)}>{(line) => <Line line={line()} />}</Show>}</For>
        <For each={wordless()}>{(stream) => <Wordless stream={stream} />}</For>
      </section>
    </Show>
  );
}

function Listeners(props: { speaking: Speaking[] }) {
  const { engine } = useConnected();
  const names = () => [...new Set(props.speaking.filter(isHeard).map((stream) => stream.engine))];
  return (
    <Show when={names().length > 0}>
      <small class="quiet">
        {names()
          .map((name) => explainListener(name, engine()))
          .join(' · ')}
      </small>
    </Show>
  );
}

/** Whether an engine listens to them: to who waits for a place none does, nor while theirs is away. */
function isHeard({ state, reason }: Speaking): boolean {
  if (state === 'recovering') return reason === 'network';
  return state === 'listening' || (state === 'paused' && reason !== 'queued');
}

/** Words that will not change again stand firm; the rest is still being heard. */
function Line(props: { line: Utterance }) {
  return (
    <p class="caption">
      <Avatar user={props.line.speaker} />
      <b>{props.line.speaker.name}</b>
      <Show when={explainGap(props.line)} fallback={<Words line={props.line} />}>
        {(gap) => <span class="quiet">{gap()}</span>}
      </Show>
    </p>
  );
}

function Words(props: { line: Utterance }) {
  const stable = () => (props.line.seq === null ? props.line.stableChars : props.line.text.length);
  return (
    <span>
      {props.line.text.slice(0, stable())}
      <span class="unstable">{props.line.text.slice(stable())}</span>
    </span>
  );
}

function Wordless(props: { stream: Speaking }) {
  return (
    <p class="caption quiet">
      <Avatar user={props.stream.speaker} />
      <b>{props.stream.speaker.name}</b>
      <span>{explainWordless(props.stream)}</span>
    </p>
  );
}

function explainWordless({ state, reason = '', message = '', place = 1 }: Speaking): string {
  switch (state) {
    case 'listening':
      return t('speech.is.listening');
    case 'paused':
      return reason === 'queued' ? t('speech.is.queued', { place }) : t('speech.is.silent');
    case 'recovering':
      return reason === 'network' ? t('speech.is.away') : explainFailure({ reason, message });
    case 'ended':
      return t('speech.is.ended', { why: explainFailure({ reason, message }) });
  }
}

function sameIds(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
