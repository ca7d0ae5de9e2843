import { createSignal, Show } from 'solid-js';
import type { Room } from '../../server/contract/types.ts';
import { explainFailure } from '../i18n/explain.ts';
import { useConnected } from '../state/connected.ts';
import { createMicrophoneControl } from '../state/microphone.ts';
import { createOpenRoom } from '../state/room.ts';
import { Captions } from './Captions.tsx';
import { Composer } from './Composer.tsx';
import { PeoplePanel } from './PeoplePanel.tsx';
import { RoomHead } from './RoomHead.tsx';
import { SpeechStatus } from './SpeechStatus.tsx';
import { TimelineView } from './TimelineView.tsx';

export function RoomView(props: { room: Room }) {
  const connected = useConnected();
  const open = createOpenRoom(connected, props.room);
  const microphone = createMicrophoneControl(connected, props.room);
  const [showsPeople, setShowsPeople] = createSignal(false);

  return (
    <div class="room" classList={{ 'shows-people': showsPeople() }}>
      <RoomHead room={props.room} people={open.people()} onShowPeople={() => setShowsPeople(true)} />
      <main class="room-main">
        <TimelineView open={open} />
        <Captions lines={open.lines()} speaking={open.speaking()} />
        <SpeechStatus room={props.room} microphone={microphone} />
        <Show
          when={open.refused()}
          fallback={
            <Composer roomId={props.room.id} onSend={open.send} microphone={microphone} room={props.room} />
          }
        >
          {(refused) => <p role="alert">{explainFailure(refused())}</p>}
        </Show>
      </main>
      <PeoplePanel people={open.people()} onClose={() => setShowsPeople(false)} />
    </div>
  );
}
