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
  return (
    <div class="row">
      <small>{explainPhase(phase(), props.stream, engine())}</small>
      <Show when={phase().type === 'listening'}>
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
