import { createMemo, For, Show } from 'solid-js';
import type { UserRef, Utterance } from '../../server/contract/types.ts';
import { t } from '../i18n/i18n.ts';
import type { Speaking } from '../state/captionBoard.ts';
import { Avatar } from './Avatar.tsx';

/**
 * What is being said, as it is said. Screen readers hear it when it is finished, in the timeline: half words that change
 * ten times a second would drown everything else.
 */
export function Captions(props: { lines: Utterance[]; speaking: Speaking[] }) {
  const ids = createMemo(() => props.lines.map(({ id }) => id), [], { equals: sameIds });
  const lineOf = (id: string) => props.lines.find((line) => line.id === id);
  const silent = createMemo(() =>
    props.speaking.filter(({ streamId }) => !props.lines.some((line) => line.streamId === streamId)),
  );
  return (
    <Show when={props.lines.length > 0 || silent().length > 0}>
      <section class="captions" aria-label={t('speech.captions')} aria-live="off">
        <For each={ids()}>{(id) => <Show when={lineOf(id)}>{(line) => <Line line={line()} />}</Show>}</For>
        <For each={silent()}>{({ speaker }) => <Silence speaker={speaker} />}</For>
      </section>
    </Show>
  );
}

/** Words that will not change again stand firm; the rest is still being heard. */
function Line(props: { line: Utterance }) {
  return (
    <p class="caption">
      <Avatar user={props.line.speaker} />
      <b>{props.line.speaker.name}</b>
      <span>
        {props.line.text.slice(0, props.line.stableChars)}
        <span class="unstable">{props.line.text.slice(props.line.stableChars)}</span>
      </span>
    </p>
  );
}

function Silence(props: { speaker: UserRef }) {
  return (
    <p class="caption quiet">
      <Avatar user={props.speaker} />
      <b>{props.speaker.name}</b>
      <span>{t('speech.silent')}</span>
    </p>
  );
}

function sameIds(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
