import type { WorkletMessage, WorkletOptions } from './worklet.ts';
import workletUrl from './worklet.ts?worker&url';

export type MicrophoneProblem =
  | 'no_microphone'
  | 'permission_denied'
  | 'in_use'
  | 'insecure_context'
  | 'unsupported'
  /** The browser runs no sound on a page before the person's first click, tap or key. */
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
  /** Emits the last chunk, which is shorter, then releases the device. */
  close: () => Promise<void>;
};

export type MicrophoneOptions = {
  chunkMs: number;
  /** PCM s16le mono at 16 kHz. */
  onChunk: (pcm: Uint8Array) => void;
  /** The root mean square of a chunk, 0 to 1. */
  onLevel: (level: number) => void;
  /** The device was unplugged, or the permission was withdrawn. */
  onEnded: () => void;
};

export const SAMPLE_RATE = 16_000;

/** An audio context that is allowed to run does so within this time, even with slow Bluetooth headphones. */
const RESUME_TIMEOUT_MS = 3_000;
/** A worklet that does not answer a flush must not keep the device open. */
const FLUSH_TIMEOUT_MS = 500;

/** The errors of getUserMedia (Media Capture and Streams, 10.2.6) and the problems that we report for them. */
const PROBLEMS: Record<string, MicrophoneProblem> = {
  NotAllowedError: 'permission_denied',
  SecurityError: 'permission_denied',
  NotFoundError: 'no_microphone',
  OverconstrainedError: 'no_microphone',
  NotReadableError: 'in_use',
  AbortError: 'in_use',
};

/** Opens the default microphone and starts to emit chunks. @throws MicrophoneError */
export async function openMicrophone(options: MicrophoneOptions): Promise<Microphone> {
  const stream = await requestStream();
  const track = stream.getAudioTracks()[0];
  let context: AudioContext | undefined;
  try {
    const opened = connect(stream);
    context = opened.context;
    const cutter = await startChunkCutter(opened, options);
    track?.addEventListener('ended', options.onEnded);
    return { close: () => close(opened.context, stream, cutter) };
  } catch (error) {
    track?.stop();
    await context?.close();
    throw error instanceof MicrophoneError ? error : new MicrophoneError('unknown', error);
  }
}

/** Whether this page may use the microphone without a prompt; false if the browser does not tell. */
export async function isMicrophoneGranted(): Promise<boolean> {
  const status = await navigator.permissions?.query({ name: 'microphone' }).catch(() => undefined);
  return status?.state === 'granted';
}

async function requestStream(): Promise<MediaStream> {
  if (!globalThis.isSecureContext) throw new MicrophoneError('insecure_context');
  if (!navigator.mediaDevices?.getUserMedia || !('AudioWorkletNode' in globalThis)) {
    throw new MicrophoneError('unsupported');
  }
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio }).catch((error: unknown) => {
    throw new MicrophoneError(PROBLEMS[(error as Error).name] ?? 'unknown', error);
  });
}

/** Firefox cannot connect a device to a context of another sample rate. There the worklet resamples. */
function connect(stream: MediaStream): { context: AudioContext; source: AudioNode } {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    void context.close();
    const deviceRate = new AudioContext();
    return { context: deviceRate, source: deviceRate.createMediaStreamSource(stream) };
  }
}

async function startChunkCutter(
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
  // The cutter's output is silence. Some browsers run only nodes that are connected to the output.
  source.connect(cutter).connect(context.destination);
  await resume(context);
  return cutter;
}

/** A browser that does not allow sound yet reports no error: `resume` stays pending until the person's first click. */
async function resume(context: AudioContext): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RESUME_TIMEOUT_MS);
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
  setTimeout(resolve, FLUSH_TIMEOUT_MS);
  port.postMessage('flush');
  return promise;
}
