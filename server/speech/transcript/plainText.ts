import { oneLine } from './pieces.ts';
import { textOf, turnsOf } from './turns.ts';
import { WallClock } from './wallClock.ts';
import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

/** Plain text for people: a heading for each day, and a line for each utterance with its time and speaker. */
export function plainTextWriter({ room, timeZone }: TranscriptSubject): TranscriptWriter {
  const clock = new WallClock(timeZone);
  let today = '';
  return {
    begin: () => `${oneLine(room.name)}\n${timeZone}\n`,
    add: (utterance) =>
      turnsOf(utterance)
        .map(({ name, pieces }) => {
          const { day, time } = clock.read(pieces[0]?.startMs ?? Date.parse(utterance.startedAt));
          const heading = day === today ? '' : `\n${day}\n\n`;
          today = day;
          return `${heading}${time}  ${oneLine(name)}: ${textOf(pieces)}\n`;
        })
        .join(''),
    end: () => '',
  };
}
