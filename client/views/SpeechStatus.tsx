import { Match, Show, Switch } from 'solid-js';
import type { EngineInfo, Room } from '../../server/contract/types.ts';
import { describeEngine, explainFailure } from '../i18n/explain.ts';
import { t } from '../i18n/i18n.ts';
import { useConnected } from '../state/connected.ts';
import type { MicrophoneControl, Trouble } from '../state/microphone.ts';

/** Why nobody can be heard in this room, for people; null if somebody can. */
export function whySilent(engine: EngineInfo | undefined, room: Room): string | null {
  if (!engine) return '';
  if (!engine.available) return t('speech.off', { why: engine.reason });
  const understands =
    room.language === 'auto' || !engine.languages || engine.languages.includes(room.language);
  return understands ? null : t('speech.otherLanguage', { engine: engine.label });
}

/** One line under the timeline: who listens and how well, what the microphone is doing, and what went wrong. */
export function SpeechStatus(props: { room: Room; microphone: MicrophoneControl }) {
  const { engine } = useConnected();
  return (
    <div class="speech-status" id="speech-status" role="status">
      <Switch fallback={<EngineLine engine={engine()} room={props.room} />}>
        <Match when={props.microphone.trouble()}>
          {(trouble) => <TroubleLine trouble={trouble()} microphone={props.microphone} />}
        </Match>
        <Match when={props.microphone.phase() !== 'off'}>
          <ActivityLine microphone={props.microphone} />
        </Match>
      </Switch>
    </div>
  );
}

function EngineLine(props: { engine: EngineInfo | undefined; room: Room }) {
  const text = () => {
    const { engine, room } = props;
    const silent = whySilent(engine, room);
    if (silent !== null || !engine?.available) return silent;
    return `${t('speech.listens', { engine: engine.label })}. ${describeEngine(engine)}`;
  };
  return <small class="quiet">{text()}</small>;
}

function ActivityLine(props: { microphone: MicrophoneControl }) {
  const phase = () => props.microphone.phase();
  return (
    <div class="row">
      <small>
        {phase() === 'off' ? '' : t(`speech.${phase() as Exclude<ReturnType<typeof phase>, 'off'>}`)}
      </small>
      <Show when={phase() === 'listening'}>
        <meter
          class="level"
          min="0"
          max="1"
          value={Math.min(1, props.microphone.level() * 4)}
          aria-label={t('speech.level')}
        />
      </Show>
    </div>
  );
}

function TroubleLine(props: { trouble: Trouble; microphone: MicrophoneControl }) {
  const spokenElsewhere = () =>
    props.trouble.type === 'server' && props.trouble.failure.reason === 'stream_exists';
  return (
    <div class="row trouble">
      <span role="alert">{explain(props.trouble)}</span>
      <Show when={spokenElsewhere()}>
        <button type="button" class="button small" onClick={() => void props.microphone.start(true)}>
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
  }
}
