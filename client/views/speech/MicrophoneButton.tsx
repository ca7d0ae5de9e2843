import { Show } from 'solid-js';
import type { Room } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import type { MicrophoneControl } from '../../state/microphone.ts';
import { MicrophoneIcon, StopIcon } from '../icons.tsx';
import { whySilent } from './SpeechStatus.tsx';

export function MicrophoneButton(props: { microphone: MicrophoneControl; room: Room }) {
  const { engine } = useConnected();
  const on = () => props.microphone.phase().type !== 'off';
  return (
    <button
      type="button"
      class="icon-button microphone"
      classList={{ on: on() }}
      aria-pressed={on()}
      aria-label={on() ? t('speech.stop') : t('speech.start')}
      title={on() ? t('speech.stop') : t('speech.start')}
      aria-describedby="speech-status"
      disabled={!on() && whySilent(engine(), props.room) !== null}
      style={{ '--level': String(props.microphone.level()) }}
      onClick={() => void (on() ? props.microphone.stop() : props.microphone.start())}
    >
      <Show when={on()} fallback={<MicrophoneIcon />}>
        <StopIcon />
      </Show>
    </button>
  );
}
