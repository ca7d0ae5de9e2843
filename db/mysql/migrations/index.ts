import { Migration001Rooms } from './001-rooms.ts';
import { Migration002Search } from './002-search.ts';
import { Migration004Speech } from './004-speech.ts';
import { Migration005FoldedSearch } from './005-folded-search.ts';
import { Migration006WriteProof } from './006-write-proof.ts';
import { Migration007FormerMembers } from './007-former-members.ts';
import { Migration008SpeechStreams } from './008-speech-streams.ts';

/** In the order in which they run. A released migration never changes. */
export const migrations = [
  { name: '001-rooms', class: Migration001Rooms },
  { name: '002-search', class: Migration002Search },
  { name: '004-speech', class: Migration004Speech },
  { name: '005-folded-search', class: Migration005FoldedSearch },
  { name: '006-write-proof', class: Migration006WriteProof },
  { name: '007-former-members', class: Migration007FormerMembers },
  { name: '008-speech-streams', class: Migration008SpeechStreams },
];
