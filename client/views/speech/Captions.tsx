import { createMemo, For, Show } from 'solid-js';
import type { Utterance } from '../../../contract/types.ts';
import { explainCaptionEngine, explainFailure, explainGap } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { CaptionStream } from '../../state/captionBoard.ts';
import { useConnected } from '../../state/connected.ts';
import { Avatar } from '../Avatar.tsx';

/**
 * Live captions and the engines that make them. Screen readers ignore them and read the finished messages in the
 * timeline: partial words that change ten times a second would drown everything else.
 */
export function Captions(props: { lines: Utterance[]; streams: CaptionStream[] }) {
  const ids = createMemo(() => props.lines.map(({ id }) => id), [], { equals: sameIds });
  const lineOf = (id: string) => props.lines.find((line) => line.id === id);
  const streamsToExplain = createMemo(() =>
    props.streams.filter(
      ({ streamId, state }) =>
        state !== 'listening' || !props.lines.some((line) => line.streamId === streamId),
    ),
  );
  return (
    <Show when={props.lines.length > 0 || streamsToExplain().length > 0}>
      <section class="captions" aria-label={t('speech.captions')} aria-live="off">
        <CaptionEngines streams={props.streams} />
        <For each={ids()}>{(id) => <Show when={lineOf(id)}>{(line) => <Line line={line()} />}</Show>}</For>
        <For each={streamsToExplain()}>{(stream) => <StreamLine stream={stream} />}</For>
      </section>
    </Show>
  );
}

function CaptionEngines(props: { streams: CaptionStream[] }) {
  const { engine } = useConnected();
  const names = () => [...new Set(props.streams.filter(hasEngine).map((stream) => stream.engine))];
  return (
    <Show when={names().length > 0}>
      <small class="quiet">
        {names()
          .map((name) => explainCaptionEngine(name, engine()))
          .join(' · ')}
      </small>
    </Show>
  );
}

/** Whether an engine recognises this stream now. A stream in the queue or with a failed engine has none. */
function hasEngine({ state, reason }: CaptionStream): boolean {
  if (state === 'recovering') return reason === 'network';
  return state === 'listening' || (state === 'paused' && reason !== 'queued');
}

function Line(props: { line: Utterance }) {
  return (
    <p class="caption">
      <Avatar user={props.line.speaker} />
      <b dir="auto">{props.line.speaker.name}</b>
      <Show when={explainGap(props.line)} fallback={<Words line={props.line} />}>
        {(gap) => <span class="quiet">{gap()}</span>}
      </Show>
    </p>
  );
}

/** Words that can still change look lighter than stable words. */
function Words(props: { line: Utterance }) {
  const stable = () => (props.line.seq === null ? props.line.stableChars : props.line.text.length);
  return (
    <span dir="auto">
      {props.line.text.slice(0, stable())}
      <span class="unstable">{props.line.text.slice(stable())}</span>
    </span>
  );
}

/** A speaker without words right now, and why. */
function StreamLine(props: { stream: CaptionStream }) {
  return (
    <p class="caption quiet">
      <Avatar user={props.stream.speaker} />
      <b dir="auto">{props.stream.speaker.name}</b>
      <span>{explainStream(props.stream)}</span>
    </p>
  );
}

function explainStream({ state, reason = '', message = '', place = 1 }: CaptionStream): string {
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
