import { oneLine } from './pieces.ts';
import { textOf, turnsOf } from './turns.ts';
import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

/** Plain text for people: a heading for each day, and a line for each utterance with its time and speaker. */
export function plainTextWriter({ room, timeZone }: TranscriptSubject): TranscriptWriter {
  // The Swedish locale writes dates as ISO 8601 does.
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  let today = '';
  return {
    begin: () => `${oneLine(room.name)}\n${timeZone}\n`,
    add: (utterance) =>
      turnsOf(utterance)
        .map(({ name, pieces }) => {
          const [day = '', time] = clock.format(pieces[0]?.startMs).split(' ');
          const heading = day === today ? '' : `\n${day}\n\n`;
          today = day;
          return `${heading}${time}  ${oneLine(name)}: ${textOf(pieces)}\n`;
        })
        .join(''),
    end: () => '',
  };
}
