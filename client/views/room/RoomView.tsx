import { createSignal, Show } from 'solid-js';
import type { Room } from '../../../contract/types.ts';
import { explainFailure } from '../../i18n/explain.ts';
import { createBudget } from '../../state/budget.ts';
import { useConnected } from '../../state/connected.ts';
import { createMicrophoneControl } from '../../state/microphone.ts';
import { createOpenRoom } from '../../state/room.ts';
import { Captions } from '../speech/Captions.tsx';
import { SpeechStatus } from '../speech/SpeechStatus.tsx';
import { Composer } from '../timeline/Composer.tsx';
import { TimelineView } from '../timeline/TimelineView.tsx';
import { PeoplePanel } from './PeoplePanel.tsx';
import { RoomHead } from './RoomHead.tsx';

export function RoomView(props: { room: Room }) {
  const connected = useConnected();
  const open = createOpenRoom(connected, props.room);
  const microphone = createMicrophoneControl(connected, open.room);
  const budget = createBudget(connected, props.room.id, () => microphone.phase().type !== 'off');
  const [showsPeople, setShowsPeople] = createSignal(false);

  return (
    <div class="room" classList={{ 'shows-people': showsPeople() }}>
      <RoomHead open={open} onShowPeople={() => setShowsPeople(true)} />
      <main class="room-main">
        <TimelineView open={open} />
        <Captions lines={open.lines()} streams={open.streams()} />
        <SpeechStatus room={open.room()} microphone={microphone} streams={open.streams()} budget={budget()} />
        <Show
          when={open.refused()}
          fallback={
            <Composer draft={open.draft} onSend={open.send} microphone={microphone} room={open.room()} />
          }
        >
          {(refused) => <p role="alert">{explainFailure(refused())}</p>}
        </Show>
      </main>
      <PeoplePanel
        people={open.people()}
        status={open.peopleStatus()}
        onReload={open.reloadPeople}
        onClose={() => setShowsPeople(false)}
      />
    </div>
  );
}
