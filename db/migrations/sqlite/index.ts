import { Migration001Rooms } from './001-rooms.ts';

/** In the order they are applied. A migration that has been released is never changed. */
export const migrations = [{ name: '001-rooms', class: Migration001Rooms }];
