import { Match, Show, Switch } from 'solid-js';
import type { EngineInfo, Room, SpeechBudget } from '../../../contract/types.ts';
import { describeEngine, explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { CaptionStream } from '../../state/captionBoard.ts';
import { useConnected } from '../../state/connected.ts';
import type { MicrophoneControl, Trouble } from '../../state/microphone.ts';
import { ActivityLine } from './ActivityLine.tsx';

/** Why speech is off in this room, as a text of the page; null if people can speak. */
export function whySpeechIsOff(engine: EngineInfo | undefined, { language }: Room): string | null {
  if (!engine) return '';
  if (!engine.available) return t('speech.off', { why: engine.reason });
  const isSupported = language === 'auto' || !engine.languages || engine.languages.includes(language);
  return isSupported ? null : t('speech.otherLanguage', { engine: engine.label });
}

/** One line under the timeline: the engine, the state of the microphone, or what went wrong. */
export function SpeechStatus(props: {
  room: Room;
  microphone: MicrophoneControl;
  streams: CaptionStream[];
  budget: SpeechBudget | null;
}) {
  const { engine } = useConnected();
  const ownStream = () => props.streams.find(({ streamId }) => streamId === props.microphone.streamId());
  return (
    <div class="speech-status row" id="speech-status" role="status">
      <Switch fallback={<small class="quiet">{explainReady(engine(), props.room)}</small>}>
        <Match when={props.microphone.trouble()}>
          {(trouble) => <TroubleLine trouble={trouble()} microphone={props.microphone} />}
        </Match>
        <Match when={props.microphone.phase().type !== 'off'}>
          <ActivityLine microphone={props.microphone} stream={ownStream()} />
        </Match>
      </Switch>
      <Show when={props.budget}>
        {(budget) => <small class="quiet budget">{explainBudget(budget())}</small>}
      </Show>
    </div>
  );
}

function explainReady(engine: EngineInfo | undefined, room: Room): string | null {
  const whyOff = whySpeechIsOff(engine, room);
  if (whyOff !== null || !engine?.available) return whyOff;
  return t('speech.ready', { engine: engine.label, about: describeEngine(engine) });
}

/** The used minutes can pass the limit: speech from before the limit was reached is still recognised. */
function explainBudget({ usedMinutes, minutes }: SpeechBudget): string {
  return t('speech.today', { used: Math.ceil(Math.min(usedMinutes, minutes)), minutes: Math.floor(minutes) });
}

function TroubleLine(props: { trouble: Trouble; microphone: MicrophoneControl }) {
  const speaksElsewhere = () =>
    props.trouble.type === 'server' && props.trouble.failure.reason === 'stream_exists';
  return (
    <div class="row trouble">
      <span role="alert">{explainTrouble(props.trouble)}</span>
      <Show when={props.trouble.type === 'interrupted'}>
        <button type="button" class="button small" onClick={() => void props.microphone.start()}>
          {t('speech.goOn')}
        </button>
      </Show>
      <Show when={speaksElsewhere()}>
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

function explainTrouble(trouble: Trouble): string {
  switch (trouble.type) {
    case 'device':
      return t(`microphone.${trouble.problem}`);
    case 'server':
      return explainFailure(trouble.failure);
    case 'gap':
      return t('speech.gap', { seconds: Math.ceil(trouble.seconds) });
    case 'interrupted':
      return t('speech.interrupted');
  }
}
