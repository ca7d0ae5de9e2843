import type { User, UserRef, Utterance } from '../../../contract/types.ts';
import type { Store } from '../../../db/store.ts';
import type { Access } from '../../chat/access.ts';
import { fromMessage } from '../utterances.ts';
import { jsonWriter } from './json.ts';
import { plainTextWriter } from './plainText.ts';
import { srtWriter, vttWriter } from './subtitles.ts';
import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

export type TranscriptFormat = 'txt' | 'srt' | 'vtt' | 'json';

export type ExportQuery = {
  roomId: string;
  format: TranscriptFormat;
  from?: Date | undefined;
  to?: Date | undefined;
  speakerId?: string | undefined;
  /** IANA, e.g. `Asia/Seoul`: of the times in what is made for reading. */
  timeZone: string;
};

/** A transcript as a file that comes piece by piece, so that no room is too large for it. */
export type TranscriptFile = {
  roomName: string;
  /** Throws an AppError in the middle if the store goes away, or the user's membership does. */
  text: AsyncIterable<string>;
};

export type Transcripts = {
  /** @throws AppError as `Access.member` */
  export: (user: User, query: ExportQuery) => Promise<TranscriptFile>;
};

const WRITERS: Record<TranscriptFormat, (subject: TranscriptSubject) => TranscriptWriter> = {
  txt: plainTextWriter,
  srt: srtWriter,
  vtt: vttWriter,
  json: jsonWriter,
};

/** Utterances in memory at a time; few, because SQLite and the ORM let nothing else run while they read a page. */
const PAGE = 50;

export function createTranscripts(store: Pick<Store, 'listSpokenByTime'>, access: Access): Transcripts {
  /** Membership is asked for each page: whoever leaves reads no further. */
  async function* pages(user: UserRef, { roomId, from, to, speakerId }: ExportQuery) {
    let after: { id: string; startedAt: string } | undefined;
    do {
      await access.member(user, roomId);
      const page = await store.listSpokenByTime(roomId, { from, to, speakerId, after, limit: PAGE });
      const utterances = page.flatMap((message) => fromMessage(message) ?? []);
      yield utterances;
      after = page.length === PAGE ? utterances.at(-1) : undefined;
    } while (after);
  }

  return {
    async export(user, query) {
      await access.member(user, query.roomId);
      const room = await access.visible(user, query.roomId);
      const writer = WRITERS[query.format]({ room, from: query.from, timeZone: query.timeZone });
      return { roomName: room.name, text: write(writer, pages(user, query)) };
    },
  };
}

async function* write(
  writer: TranscriptWriter,
  pages: AsyncIterable<Utterance[]>,
): AsyncGenerator<string, void, void> {
  yield writer.begin();
  for await (const page of pages) yield page.map(writer.add).join('');
  yield writer.end();
}
