import { type Attack, bearer, enter, repeat } from './attack.ts';

/** Eight exports of a long room at a time, over and over. */
export const exportLoop: Attack = {
  name: 'exports in a loop',
  async run(target) {
    const { url, longRoomId, signal } = target;
    const headers = bearer(await enter(target));
    const download = async () => {
      const response = await fetch(`${url}/api/rooms/${longRoomId}/transcript.json`, { headers, signal });
      await response.arrayBuffer();
    };
    await Promise.all(Array.from({ length: 8 }, () => repeat(signal, download)));
  },
};
