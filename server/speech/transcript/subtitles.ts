import { CueQueue } from './cueQueue.ts';
import { type Cue, cuesOf } from './cues.ts';
import { oneLine } from './pieces.ts';
import { LINE_WIDTH, shortened } from './width.ts';
import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

/** SubRip. The format has no field for the speaker, so each cue begins with the name. */
export function srtWriter({ from }: TranscriptSubject): TranscriptWriter {
  let number = 0;
  const { begin, add, end } = subtitles({
    from,
    prefix: (name) => `${shortened(disarmed(oneLine(name)), LINE_WIDTH / 2)}: `,
    head: '',
    write({ startMs, endMs, lines }, clock) {
      number += 1;
      return `${number}\n${clock(startMs, ',')} --> ${clock(endMs, ',')}\n${lines.join('\n')}\n\n`;
    },
  });
  // The text is disarmed before it is cut into lines, because the replacements are wider.
  return { begin, end, add: (utterance) => add({ ...utterance, text: disarmed(utterance.text) }) };
}

/**
 * Replaces what players take for markup: `-->`, tags in `<` and `>`, and overrides in `{` and `}` such as `{\an8}`.
 * SubRip has no escapes, so look-alikes take their place (the full-width forms of Unicode).
 */
function disarmed(text: string): string {
  return text
    .replaceAll('-->', '→')
    .replace(/[<>{}]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
}

/** WebVTT, https://www.w3.org/TR/webvtt1/. */
export function vttWriter({ room, from }: TranscriptSubject): TranscriptWriter {
  return subtitles({
    from,
    prefix: () => '',
    head: `WEBVTT\n\nNOTE\n${oneLine(room.name).replaceAll('-->', '→')}\n\n`,
    write({ startMs, endMs, name, lines }, clock) {
      const text = escaped(lines.join('\n'));
      return `${clock(startMs, '.')} --> ${clock(endMs, '.')}\n<v ${annotation(name)}>${text}\n\n`;
    },
  });
}

type Clock = (ms: number, point: ',' | '.') => string;

type SubtitleFormat = {
  from: Date | undefined;
  prefix: (name: string) => string;
  head: string;
  write: (cue: Cue, clock: Clock) => string;
};

function subtitles({ from, prefix, head, write }: SubtitleFormat): TranscriptWriter {
  const queue = new CueQueue();
  let originMs = from?.getTime();
  const clock: Clock = (ms, point) => timestamp(ms - (originMs ?? ms), point);
  const writeAll = (cues: Cue[]) => cues.map((cue) => write(cue, clock)).join('');
  return {
    begin: () => head,
    add(utterance) {
      originMs ??= Date.parse(utterance.startedAt);
      return writeAll(queue.add(cuesOf(utterance, prefix)));
    },
    end: () => writeAll(queue.flush()),
  };
}

function timestamp(ms: number, point: string): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1_000) % 60].map(two).join(':');
  return `${clock}${point}${String(ms % 1_000).padStart(3, '0')}`;
}

/** A name for a voice tag. After two dashes, the end of the tag would read as an arrow; players drop a blank there. */
function annotation(name: string): string {
  return escaped(oneLine(name)).replace(/--$/, '-- ');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
