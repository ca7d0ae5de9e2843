import type { WorkletMessage, WorkletOptions } from './worklet.ts';
import workletUrl from './worklet.ts?worker&url';

export type MicrophoneProblem =
  | 'no_microphone'
  | 'permission_denied'
  | 'in_use'
  | 'insecure_context'
  | 'unsupported'
  /** The browser does not run sound on a page that nobody has touched since it was loaded. */
  | 'untouched'
  | 'unknown';

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem;

  constructor(problem: MicrophoneProblem, cause?: unknown) {
    super(`microphone: ${problem}`, { cause });
    this.name = 'MicrophoneError';
    this.problem = problem;
  }
}

export type Microphone = {
  /** Hands out the last, shorter chunk, then frees the device. */
  close: () => Promise<void>;
};

export type MicrophoneOptions = {
  chunkMs: number;
  /** PCM s16le mono at 16 kHz. */
  onChunk: (pcm: Uint8Array) => void;
  /** Root mean square, 0 to 1, once a chunk. */
  onLevel: (level: number) => void;
  /** The device was unplugged, or its permission taken back. */
  onEnded: () => void;
};

export const SAMPLE_RATE = 16_000;

/** Where sound may run it does so within this time, even through slow headphones. */
const RUN_MS = 3_000;
/** A flush that is not answered must not keep the device open. */
const FLUSH_MS = 500;

/** What getUserMedia says (Media Capture and Streams, 10.2.6), in our words. */
const PROBLEMS: Record<string, MicrophoneProblem> = {
  NotAllowedError: 'permission_denied',
  SecurityError: 'permission_denied',
  NotFoundError: 'no_microphone',
  OverconstrainedError: 'no_microphone',
  NotReadableError: 'in_use',
  AbortError: 'in_use',
};

/** @throws MicrophoneError saying what a person can do something about. */
export async function openMicrophone(options: MicrophoneOptions): Promise<Microphone> {
  const stream = await ask();
  const track = stream.getAudioTracks()[0];
  let context: AudioContext | undefined;
  try {
    const opened = connect(stream);
    context = opened.context;
    const cutter = await startCutter(opened, options);
    track?.addEventListener('ended', options.onEnded);
    return { close: () => close(opened.context, stream, cutter) };
  } catch (error) {
    track?.stop();
    await context?.close();
    throw error instanceof MicrophoneError ? error : new MicrophoneError('unknown', error);
  }
}

/** Whether the browser gives the microphone to this page without asking; false where it does not say. */
export async function isMicrophoneGranted(): Promise<boolean> {
  const status = await navigator.permissions?.query({ name: 'microphone' }).catch(() => undefined);
  return status?.state === 'granted';
}

async function ask(): Promise<MediaStream> {
  if (!globalThis.isSecureContext) throw new MicrophoneError('insecure_context');
  if (!navigator.mediaDevices?.getUserMedia || !('AudioWorkletNode' in globalThis)) {
    throw new MicrophoneError('unsupported');
  }
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio }).catch((error: unknown) => {
    throw new MicrophoneError(PROBLEMS[(error as Error).name] ?? 'unknown', error);
  });
}

/** Firefox does not connect a device to a context of another rate: there the worklet brings the rate down. */
function connect(stream: MediaStream): { context: AudioContext; source: AudioNode } {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    void context.close();
    const own = new AudioContext();
    return { context: own, source: own.createMediaStreamSource(stream) };
  }
}

async function startCutter(
  { context, source }: { context: AudioContext; source: AudioNode },
  { chunkMs, onChunk, onLevel }: MicrophoneOptions,
): Promise<AudioWorkletNode> {
  await context.audioWorklet.addModule(workletUrl);
  const processorOptions: WorkletOptions = {
    sampleRate: SAMPLE_RATE,
    chunkSamples: (SAMPLE_RATE * chunkMs) / 1_000,
  };
  const cutter = new AudioWorkletNode(context, 'chunk-cutter', {
    channelCount: 1,
    channelCountMode: 'explicit',
    processorOptions,
  });
  cutter.port.addEventListener('message', ({ data }: MessageEvent<WorkletMessage>) => {
    if ('flushed' in data) return;
    onChunk(new Uint8Array(data.pcm));
    onLevel(data.level);
  });
  cutter.port.start();
  // Its output is silence; some browsers run only what leads to the loudspeaker.
  source.connect(cutter).connect(context.destination);
  await run(context);
  return cutter;
}

/** A browser that does not let sound run says nothing: it waits for a touch. */
async function run(context: AudioContext): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RUN_MS);
  await Promise.race([context.resume(), promise]);
  clearTimeout(timer);
  if (context.state !== 'running') throw new MicrophoneError('untouched');
}

async function close(context: AudioContext, stream: MediaStream, cutter: AudioWorkletNode): Promise<void> {
  await flush(cutter);
  for (const track of stream.getTracks()) track.stop();
  await context.close();
}

function flush({ port }: AudioWorkletNode): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  port.addEventListener('message', ({ data }: MessageEvent<WorkletMessage>) => {
    if ('flushed' in data) resolve();
  });
  setTimeout(resolve, FLUSH_MS);
  port.postMessage('flush');
  return promise;
}
