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
  /** The IANA time zone of the times in plain text, e.g. `Asia/Seoul`. */
  timeZone: string;
};

/** A transcript file that is made part by part, so that its size does not matter. */
export type TranscriptFile = {
  roomName: string;
  /** May throw an AppError in the middle: if the store goes away, or the user loses membership. */
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

/** Utterances per page. Few, because SQLite and the ORM block the event loop while they read a page. */
const PAGE_SIZE = 50;

export function createTranscripts(store: Pick<Store, 'listSpokenByTime'>, access: Access): Transcripts {
  /** Checks membership before each page, so that a member who leaves gets no further page. */
  async function* pages(user: UserRef, { roomId, from, to, speakerId }: ExportQuery) {
    let after: { id: string; startedAt: string } | undefined;
    do {
      await access.member(user, roomId);
      const page = await store.listSpokenByTime(roomId, { from, to, speakerId, after, limit: PAGE_SIZE });
      const utterances = page.flatMap((message) => fromMessage(message) ?? []);
      yield utterances;
      after = page.length === PAGE_SIZE ? utterances.at(-1) : undefined;
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
