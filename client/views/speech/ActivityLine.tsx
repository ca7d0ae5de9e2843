import { Show } from 'solid-js';
import type { EngineInfo } from '../../../contract/types.ts';
import { engineLabel, explainFailure } from '../../i18n/explain.ts';
import { t } from '../../i18n/i18n.ts';
import type { CaptionStream } from '../../state/captionBoard.ts';
import { useConnected } from '../../state/connected.ts';
import type { MicrophoneControl, Phase } from '../../state/microphone.ts';

/** The state of the person's own microphone, and a level meter while it is on. */
export function ActivityLine(props: { microphone: MicrophoneControl; stream: CaptionStream | undefined }) {
  const { engine } = useConnected();
  const phase = () => props.microphone.phase();
  /** Why the person is not heard; null while samples arrive, and when none are expected. */
  const notHeard = () => {
    const hearing = props.microphone.hearing();
    if (hearing === 'heard' || phase().type === 'asking' || phase().type === 'stopping') return null;
    return t(`hearing.${hearing}`);
  };
  return (
    <div class="row">
      <small>{notHeard() ?? explainPhase(phase(), props.stream, engine())}</small>
      <Show when={phase().type === 'listening' && notHeard() === null}>
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

function explainPhase(
  phase: Phase,
  stream: CaptionStream | undefined,
  engine: EngineInfo | undefined,
): string {
  if (phase.type === 'off') return '';
  if (phase.type === 'listening') return stream ? explainStream(stream, engine) : t('speech.listening');
  if (phase.type !== 'waiting' || phase.failure.reason === 'disconnected') return t(`speech.${phase.type}`);
  return t('speech.kept', { why: explainFailure(phase.failure) });
}

function explainStream(stream: CaptionStream, engine: EngineInfo | undefined): string {
  const { state, reason = '', message = '', place = 1 } = stream;
  if (state === 'paused' && reason === 'queued') return t('speech.queued', { place });
  if (state === 'paused') return t('speech.silence', { engine: engineLabel(stream.engine, engine) });
  // `network` is stale here: this event could only arrive because the connection is back.
  const isEngineDown = state === 'recovering' && reason !== 'network';
  return isEngineDown
    ? t('speech.kept', { why: explainFailure({ reason, message }) })
    : t('speech.listening');
}
