import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js';
import type { Room } from '../../contract/types.ts';
import {
  isMicrophoneGranted,
  type Microphone,
  MicrophoneError,
  type MicrophoneProblem,
  openMicrophone,
  SAMPLE_RATE,
} from '../audio/microphone.ts';
import { Pump, type PumpBeginning, type PumpState } from '../audio/pump.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';
import { leaveStream, takeLeftStream } from './leftStream.ts';
import { tabStorage } from './storage.ts';

export type Phase =
  | { type: 'off' | 'asking' | 'starting' | 'stopping' }
  | Extract<PumpState, { type: 'listening' | 'waiting' }>;

/** What went wrong: with the device, at the server, or with what was said; or that a reload has cut speech off. */
export type Trouble =
  | { type: 'device'; problem: MicrophoneProblem | 'ended' }
  | { type: 'server'; failure: Failure }
  | { type: 'gap'; seconds: number }
  | { type: 'left'; streamId: string };

export type MicrophoneControl = {
  phase: Accessor<Phase>;
  /** The stream of this microphone; undefined while there is none. */
  streamId: Accessor<string | undefined>;
  /** 0 to 1. */
  level: Accessor<number>;
  trouble: Accessor<Trouble | null>;
  dismiss: () => void;
  start: (beginning?: PumpBeginning) => Promise<void>;
  stop: () => Promise<void>;
};

type SpokenRoom = Pick<Room, 'id' | 'language'>;

const CHUNK_MS = 100;

/** The microphone of one room. The stream is opened only after the browser has given the microphone. */
export function createMicrophoneControl(connected: Connected, room: Accessor<SpokenRoom>): MicrophoneControl {
  const [phase, setPhase] = createSignal<Phase>({ type: 'off' });
  const [streamId, setStreamId] = createSignal<string>();
  const [level, setLevel] = createSignal(0);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  let microphone: Microphone | undefined;
  let pump: Pump | undefined;
  let closed = false;

  const release = async () => {
    const opened = microphone;
    microphone = undefined;
    setLevel(0);
    await opened?.close();
  };

  const fail = async (what: Trouble) => {
    setTrouble(what);
    pump?.close();
    pump = undefined;
    setStreamId(undefined);
    await release();
    setPhase({ type: 'off' });
  };

  const onPumpState = (state: PumpState) => {
    if (state.type === 'failed') return void fail({ type: 'server', failure: state.failure });
    if (state.type === 'gap') return void setTrouble({ type: 'gap', seconds: state.seconds });
    if (phase().type === 'stopping') return;
    if (state.type === 'listening') setStreamId(state.streamId);
    setPhase(state);
  };

  const stop = async () => {
    if (!microphone) return;
    setPhase({ type: 'stopping' });
    setStreamId(undefined);
    await release();
    // It stays, to hear that the connection is back; once it is over it takes nothing more.
    await pump?.finish();
    if (phase().type === 'stopping') setPhase({ type: 'off' });
  };

  const start = async (beginning = from(trouble())) => {
    if (phase().type !== 'off' || closed) return;
    setTrouble(null);
    setPhase({ type: 'asking' });
    setStreamId(beginning.resumes);
    try {
      microphone = await openMicrophone({
        chunkMs: CHUNK_MS,
        onChunk: (pcm) => pump?.add(pcm),
        onLevel: setLevel,
        onEnded: () => void stop().then(() => setTrouble({ type: 'device', problem: 'ended' })),
      });
    } catch (error) {
      return fail(whyNot(error, beginning));
    }
    if (closed) return release();
    pump = openPump(connected.trpc, room(), beginning, onPumpState);
  };

  onCleanup(() => {
    closed = true;
    void stop();
  });
  comeBackSoon(connected, phase, () => pump);
  const control = { phase, streamId, level, trouble, dismiss: () => setTrouble(null), start, stop };
  outlastReload(room().id, control, (streamId) => setTrouble({ type: 'left', streamId }));
  return control;
}

/** What is said while the connection is away is kept for so long only, here and at the server. */
function comeBackSoon(
  { hurry, onReconnect }: Connected,
  phase: Accessor<Phase>,
  pump: () => Pump | undefined,
): void {
  createEffect(() => phase().type !== 'off' && onCleanup(hurry()));
  onReconnect(() => pump()?.retryNow());
}

/** Speech goes on after a reload: by itself if the browser gives the microphone without asking, else at a touch. */
function outlastReload(
  roomId: string,
  { streamId, trouble, start }: Pick<MicrophoneControl, 'streamId' | 'trouble' | 'start'>,
  offer: (streamId: string) => void,
): void {
  const onLeave = () => {
    // Also what this page was to go on with and has not yet.
    const speaking = streamId() ?? from(trouble()).resumes;
    if (speaking !== undefined) leaveStream(tabStorage, { roomId, streamId: speaking }, Date.now());
  };
  window.addEventListener('pagehide', onLeave);
  onCleanup(() => window.removeEventListener('pagehide', onLeave));

  const left = takeLeftStream(tabStorage, roomId, Date.now());
  if (left === undefined) return;
  void isMicrophoneGranted().then((granted) => (granted ? start({ resumes: left }) : offer(left)));
}

/** Who speaks again after a reload goes on in the stream that was cut off, whichever button they press. */
function from(trouble: Trouble | null): PumpBeginning {
  return trouble?.type === 'left' ? { resumes: trouble.streamId } : {};
}

function whyNot(error: unknown, { resumes }: PumpBeginning): Trouble {
  const problem = error instanceof MicrophoneError ? error.problem : 'unknown';
  return problem === 'untouched' && resumes !== undefined
    ? { type: 'left', streamId: resumes }
    : { type: 'device', problem };
}

function openPump(
  { transcripts }: Connected['trpc'],
  room: SpokenRoom,
  beginning: PumpBeginning,
  onState: (state: PumpState) => void,
): Pump {
  const stream = { roomId: room.id, language: room.language, sampleRate: SAMPLE_RATE };
  return new Pump(
    {
      sampleRate: SAMPLE_RATE,
      start: (how, signal) => transcripts.start.mutate({ ...stream, ...how }, { signal }),
      resume: (from, signal) => transcripts.resume.mutate(from, { signal }),
      push: (bytes, signal) => transcripts.push.mutate(bytes, { signal }),
      stop: (streamId, signal) => transcripts.stop.mutate({ streamId }, { signal }),
      describe: describeFailure,
      onState,
    },
    beginning,
  );
}
