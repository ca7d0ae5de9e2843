import { Match, Show, Switch } from 'solid-js';
import type { EngineInfo, Room, SpeechBudget } from '../../../contract/types.ts';
import { describeEngine, explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { Speaking } from '../../state/captionBoard.ts';
import { useConnected } from '../../state/connected.ts';
import type { MicrophoneControl, Trouble } from '../../state/microphone.ts';
import { ActivityLine } from './ActivityLine.tsx';

/** Why nobody can be heard in this room, for people; null if somebody can. */
export function whySilent(engine: EngineInfo | undefined, { language }: Room): string | null {
  if (!engine) return '';
  if (!engine.available) return t('speech.off', { why: engine.reason });
  const understands = language === 'auto' || !engine.languages || engine.languages.includes(language);
  return understands ? null : t('speech.otherLanguage', { engine: engine.label });
}

/** One line under the timeline: who listens and how well, what the microphone is doing, and what went wrong. */
export function SpeechStatus(props: {
  room: Room;
  microphone: MicrophoneControl;
  speaking: Speaking[];
  budget: SpeechBudget | null;
}) {
  const { engine } = useConnected();
  const own = () => props.speaking.find(({ streamId }) => streamId === props.microphone.streamId());
  return (
    <div class="speech-status row" id="speech-status" role="status">
      <Switch fallback={<small class="quiet">{listens(engine(), props.room)}</small>}>
        <Match when={props.microphone.trouble()}>
          {(trouble) => <TroubleLine trouble={trouble()} microphone={props.microphone} />}
        </Match>
        <Match when={props.microphone.phase().type !== 'off'}>
          <ActivityLine microphone={props.microphone} stream={own()} />
        </Match>
      </Switch>
      <Show when={props.budget}>
        {(budget) => <small class="quiet budget">{explainBudget(budget())}</small>}
      </Show>
    </div>
  );
}

function listens(engine: EngineInfo | undefined, room: Room): string | null {
  const silent = whySilent(engine, room);
  if (silent !== null || !engine?.available) return silent;
  return `${t('speech.listens', { engine: engine.label })}. ${describeEngine(engine)}`;
}

/** What was said before it was used up is still heard, which may be more than there was. */
function explainBudget({ usedMinutes, minutes }: SpeechBudget): string {
  return t('speech.today', { used: Math.ceil(Math.min(usedMinutes, minutes)), minutes: Math.floor(minutes) });
}

function TroubleLine(props: { trouble: Trouble; microphone: MicrophoneControl }) {
  const spokenElsewhere = () =>
    props.trouble.type === 'server' && props.trouble.failure.reason === 'stream_exists';
  return (
    <div class="row trouble">
      <span role="alert">{explain(props.trouble)}</span>
      <Show when={props.trouble.type === 'left'}>
        <button type="button" class="button small" onClick={() => void props.microphone.start()}>
          {t('speech.goOn')}
        </button>
      </Show>
      <Show when={spokenElsewhere()}>
        <button
          type="button"
          class="button small"
          onClick={() => void props.microphone.start({ takeOver: true })}
        >
          {t('speech.takeOver')}
        </button>
      </Show>
      <button type="button" class="button small" onClick={() => props.microphone.dismiss()}>
        {t('speech.dismiss')}
      </button>
    </div>
  );
}

function explain(trouble: Trouble): string {
  switch (trouble.type) {
    case 'device':
      return t(`microphone.${trouble.problem}`);
    case 'server':
      return explainFailure(trouble.failure);
    case 'gap':
      return t('speech.gap', { seconds: Math.ceil(trouble.seconds) });
    case 'left':
      return t('speech.left');
  }
}
