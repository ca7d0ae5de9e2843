import { Show } from 'solid-js';
import type { Room } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import { useConnected } from '../../state/connected.ts';
import type { MicrophoneControl } from '../../state/microphone.ts';
import { MicrophoneIcon, StopIcon } from '../icons.tsx';
import { whySpeechIsOff } from './SpeechStatus.tsx';

export function MicrophoneButton(props: { microphone: MicrophoneControl; room: Room }) {
  const { engine } = useConnected();
  const isOn = () => props.microphone.phase().type !== 'off';
  return (
    <button
      type="button"
      class="icon-button microphone"
      classList={{ on: isOn() }}
      aria-pressed={isOn()}
      aria-label={isOn() ? t('speech.stop') : t('speech.start')}
      title={isOn() ? t('speech.stop') : t('speech.start')}
      aria-describedby="speech-status"
      disabled={!isOn() && whySpeechIsOff(engine(), props.room) !== null}
      style={{ '--level': String(props.microphone.level()) }}
      onClick={() => void (isOn() ? props.microphone.stop() : props.microphone.start())}
    >
      <Show when={isOn()} fallback={<MicrophoneIcon />}>
        <StopIcon />
      </Show>
    </button>
  );
}
