import type { TranscriptSubject, TranscriptWriter } from './writer.ts';

/** JSON with the utterances in the shape of `transcripts.list`, one per line. */
export function jsonWriter({ room }: TranscriptSubject): TranscriptWriter {
  let isFirst = true;
  return {
    begin: () => `{"room":${JSON.stringify({ id: room.id, name: room.name })},"items":[`,
    add(utterance) {
      const separator = isFirst ? '\n' : ',\n';
      isFirst = false;
      return separator + JSON.stringify(utterance);
    },
    end: () => '\n]}\n',
  };
}
