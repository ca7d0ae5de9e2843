import { createSignal, For, Show } from 'solid-js';
import type { Room } from '../../../contract/types.ts';
import { t } from '../../i18n/i18n.ts';
import { LeaveIcon, MoreIcon } from '../icons.tsx';
import { RoomSettings } from './RoomSettings.tsx';

const FORMATS = ['txt', 'srt', 'vtt', 'json'];

/** Rare actions on a room. The browser closes the menu on a click elsewhere and on Escape. */
export function RoomMenu(props: { room: Room; onChanged: (room: Room) => void; onLeave: () => void }) {
  const [settingsOpen, setSettingsOpen] = createSignal(false);
  let button!: HTMLButtonElement;
  let menu!: HTMLDivElement;
  /** A popover is in the top layer, outside of the layout, so its position must be set. */
  const positionMenu = () => {
    const { bottom, right } = button.getBoundingClientRect();
    menu.style.top = `${bottom}px`;
    menu.style.right = `${document.documentElement.clientWidth - right}px`;
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        popovertarget="room-menu"
        onClick={positionMenu}
        aria-label={t('rooms.menu')}
        title={t('rooms.menu')}
      >
        <MoreIcon />
      </button>
      <div ref={menu} class="menu" id="room-menu" popover>
        <Show when={props.room.role === 'owner'}>
          <button
            type="button"
            class="menu-item"
            onClick={() => {
              menu.hidePopover();
              setSettingsOpen(true);
            }}
          >
            {t('rooms.settings')}
          </button>
        </Show>
        <p class="quiet menu-title">{t('rooms.download')}</p>
        <div class="formats">
          <For each={FORMATS}>
            {(format) => (
              <a class="menu-item" href={`/api/rooms/${props.room.id}/transcript.${format}`} download="">
                {format.toUpperCase()}
              </a>
            )}
          </For>
        </div>
        <button type="button" class="menu-item leave" onClick={() => props.onLeave()}>
          <LeaveIcon /> {t('rooms.leave')}
        </button>
      </div>
      <Show when={settingsOpen()}>
        <RoomSettings room={props.room} onChanged={props.onChanged} onDone={() => setSettingsOpen(false)} />
      </Show>
    </>
  );
}
