import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { Store } from '../store.ts';
import { describeAppending, describeRepeats } from './appendingContract.ts';
import { describeChanges } from './changesContract.ts';
import { describeHistory, describeSpeech } from './historyContract.ts';
import { describeLongRoom } from './longRoomContract.ts';
import { addPerson, addRoom, type Scene } from './material.ts';
import { describeMembers, describeReading } from './membersContract.ts';
import { describeRooms } from './roomsContract.ts';
import { describeSearch } from './searchContract.ts';
import { describeStreams } from './streamsContract.ts';
import { describeUsage } from './usageContract.ts';

/**
 * The contract that every store must keep. Each test makes its own people and rooms, so the database may contain those of
 * earlier tests.
 */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the promises of a store`, () => {
    const scene = {} as Scene;
    beforeAll(async () => {
      scene.store = await open();
    });
    afterAll(() => scene.store.close());
    beforeEach(async () => {
      scene.ada = await addPerson(scene.store, 'Ada');
      scene.ben = await addPerson(scene.store, 'Ben');
      scene.room = await addRoom(scene.store, scene.ada);
    });

    describe('appending', () => describeAppending(scene));
    describe('repeats', () => describeRepeats(scene));
    describe('history', () => describeHistory(scene));
    describe('speech', () => describeSpeech(scene));
    describe('rooms', () => describeRooms(scene));
    describe('members', () => describeMembers(scene));
    describe('changes', () => describeChanges(scene));
    describe('search', () => describeSearch(scene));
    describe('search in a long room', () => describeLongRoom(scene));
    describe('usage', () => describeUsage(scene));
    describe('speech streams', () => describeStreams(scene));
    describe('reading', () => describeReading(scene));
  });
}
