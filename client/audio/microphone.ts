import { withTimeout } from './withTimeout.ts';
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
  /**
   * What the browser says: `muted` by the device or the system, `suspended` by the browser or a phone call, `ended` for
   * good. Only samples that arrive prove that it really runs.
   */
  state: () => 'running' | 'muted' | 'suspended' | 'ended';
  /** Tries to end a suspension. */
  resume: () => void;
  /** Emits the last chunk, which is shorter, then releases the device. */
  close: () => Promise<void>;
};

export type MicrophoneOptions = {
  chunkMs: number;
  /** PCM s16le mono at 16 kHz. */
  onChunk: (pcm: Uint8Array) => void;
  /** The root mean square of a chunk, 0 to 1. */
  onLevel: (level: number) => void;
  /** `state` may have changed. */
  onChange: () => void;
};

export const SAMPLE_RATE = 16_000;

/** An audio context that is allowed to run does so within this time, even with slow Bluetooth headphones. */
const RESUME_TIMEOUT_MS = 3_000;
/** The worklet is a small file of the server. */
const MODULE_TIMEOUT_MS = 15_000;
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

/**
 * Opens the default microphone and starts to emit chunks. An abort rejects at once, at any moment, and everything that
 * the browser still opens afterwards is released.
 * @throws MicrophoneError
 */
export async function openMicrophone(options: MicrophoneOptions, signal: AbortSignal): Promise<Microphone> {
  // The browser must not ask for a microphone that is already turned off again.
  if (signal.aborted) throw new MicrophoneError('unknown', signal.reason);
  const requested = requestStream();
  // The browser cannot take its question back. It may open the device long after the abort.
  requested.then((late) => signal.aborted && stopTracks(late), ignore);
  const stream = await abortable(requested, signal);
  const track = stream.getAudioTracks()[0];
  let context: AudioContext | undefined;
  try {
    const opened = connect(stream);
    context = opened.context;
    const cutter = await startChunkCutter(opened, options, signal);
    for (const type of ['ended', 'mute', 'unmute']) track?.addEventListener(type, options.onChange);
    context.addEventListener('statechange', options.onChange);
    return {
      state: () => stateOf(opened.context, track),
      resume: () => void opened.context.resume().catch(ignore),
      close: () => close(opened.context, stream, cutter),
    };
  } catch (error) {
    stopTracks(stream);
    context?.close().catch(ignore);
    throw error instanceof MicrophoneError ? error : new MicrophoneError('unknown', error);
  }
}

function stateOf(
  context: AudioContext,
  track: MediaStreamTrack | undefined,
): ReturnType<Microphone['state']> {
  if (track?.readyState !== 'live' || context.state === 'closed') return 'ended';
  if (track.muted) return 'muted';
  return context.state === 'running' ? 'running' : 'suspended';
}

/** Whether this page may use the microphone without a prompt; false if the browser does not tell. */
export async function isMicrophoneGranted(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' })).state === 'granted';
  } catch {
    return false;
  }
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
  signal: AbortSignal,
): Promise<AudioWorkletNode> {
  await abortable(
    withTimeout(MODULE_TIMEOUT_MS, () => context.audioWorklet.addModule(workletUrl)),
    signal,
  );
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
  await abortable(resume(context), signal);
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
  stopTracks(stream);
  context.close().catch(ignore);
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Rejects at an abort, even if the promise never settles. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new MicrophoneError('unknown', signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([aborted, promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

function ignore(): void {}

function flush({ port }: AudioWorkletNode): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  port.addEventListener('message', ({ data }: MessageEvent<WorkletMessage>) => {
    if ('flushed' in data) resolve();
  });
  setTimeout(resolve, FLUSH_TIMEOUT_MS);
  port.postMessage('flush');
  return promise;
}
