import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, silence } from '../../server/transcriber/testing/audio.ts';

const SAMPLE_RATE = 16_000;
/** Long enough for an engine to end an utterance. */
const PAUSE_SECONDS = 1.5;
/** Chromium starts the file when it opens the device, a moment before the page receives audio. */
const LEAD_SECONDS = 1;

export type Recording = { path: string; remove: () => void };

/** Joins WAV files into one, with pauses, for Chromium's fake microphone. */
export function recordingOf(paths: string[]): Recording {
  const parts = paths.flatMap((path) => [readWav(path).pcm, silence(PAUSE_SECONDS, SAMPLE_RATE)]);
  const pcm = Buffer.concat([silence(LEAD_SECONDS, SAMPLE_RATE), ...parts]);
  const directory = mkdtempSync(join(tmpdir(), 'roomscribe-recording-'));
  const path = join(directory, 'speech.wav');
  writeFileSync(path, Buffer.concat([wavHeader(pcm.length), pcm]));
  return { path, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** The RIFF/WAVE header of 16-bit mono PCM. */
function wavHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(2 * SAMPLE_RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
